"""Users, sessions, and counted attempts.

Access paths: a user by id or, by claim, by e-mail address; a session by user and id; the sessions
of a user; attempts by policy, subject and window.
"""

from typing import Any, Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from .. import clock, ids
from ..store import claims
from ..store.items import Item, table
from ..store.transaction import Transaction


class User(Item):
    """``pk`` is the user's id, ``sk`` is ``user``. Times are epoch milliseconds."""

    class Meta:
        table_name = table("accounts")

    email = UnicodeAttribute()
    name = UnicodeAttribute()
    company = UnicodeAttribute(null=True)
    plan = UnicodeAttribute(default="free")
    password_hash = UnicodeAttribute()
    workspace_id = UnicodeAttribute()
    email_verified_at = NumberAttribute(null=True)
    sign_ins = NumberAttribute(default=0)
    created_at = NumberAttribute()
    updated_at = NumberAttribute()

    @property
    def id(self) -> str:
        """The TypeID."""
        return str(self.pk)

    @property
    def email_verified(self) -> bool:
        """Whether the person has shown that mail to the address reaches them."""
        return self.email_verified_at is not None


class Session(Item):
    """A sign-in: ``pk`` is the user, ``sk`` the session. ``generation`` is the refresh token's."""

    class Meta:
        table_name = table("accounts")

    workspace_id = UnicodeAttribute()
    generation = NumberAttribute()
    expires_at = NumberAttribute()

    @classmethod
    def new(cls, user: User, lifetime: int) -> Self:
        """A session of this user that lasts so many seconds; not yet stored."""
        return cls(
            user.id,
            ids.new("ses"),
            workspace_id=user.workspace_id,
            generation=1,
            expires_at=clock.now() + lifetime,
        )

    @property
    def id(self) -> str:
        """The TypeID."""
        return str(self.sk)


class PasswordReset(Item):
    """The one link that may change a password: ``pk`` is the user, ``sk`` ``password-reset``."""

    class Meta:
        table_name = table("accounts")

    nonce = UnicodeAttribute()
    expires_at = NumberAttribute()


class Attempts(Item):
    """``pk`` is the policy and whom it counts, ``sk`` the window's start, ``n`` how many so far."""

    class Meta:
        table_name = table("accounts")

    n = NumberAttribute()
    expires_at = NumberAttribute()


def add_user(tx: Transaction, user: User, taken: Exception) -> None:
    """Make the user and claim the address; ``taken`` is raised when another has it."""
    claims.take(tx, _email_claim(user.email), user.id, taken)
    tx.create(user)


def user(user_id: str) -> User | None:
    """The user with this id."""
    return User.find(user_id, "user")


def user_by_email(email: str) -> User | None:
    """The user with this address, however it is capitalised; as much work when there is none."""
    return user(user_id_by_email(email) or "usr_nobody")


def user_id_by_email(email: str) -> str | None:
    """The id of the user with this address, however it is capitalised."""
    return claims.owner(_email_claim(email))


def change_user(tx: Transaction, user_id: str, *actions: Action) -> None:
    """Change a user's attributes."""
    tx.update(User(user_id, "user"), *actions)


def signed_in(tx: Transaction, user: User, refused: Exception, *actions: Action) -> None:
    """Count a sign-in; ``refused`` is raised when the password has changed since it was read."""
    unchanged = User.password_hash == user.password_hash
    tx.update(user, User.sign_ins.add(1), *actions, condition=unchanged, otherwise=refused)


def verify_email(tx: Transaction, user: User, *actions: Action, **rule: Any) -> None:
    """Note that the address is verified, the first time that it is; further actions with it."""
    now = clock.now_ms()
    first = User.email_verified_at.set(User.email_verified_at | now)
    tx.update(user, first, User.updated_at.set(now), *actions, **rule)


def set_password(tx: Transaction, user: User, password_hash: str, busy: Exception) -> None:
    """Set a new password for who reads the user's mail.

    ``busy`` is raised when somebody signed in since the user was read.
    """
    same = User.sign_ins == user.sign_ins
    new = User.password_hash.set(password_hash)
    verify_email(tx, user, new, condition=same, otherwise=busy)


def put_password_reset(tx: Transaction, reset: PasswordReset) -> None:
    """Let this link change the password, and no earlier one."""
    tx.put(reset)


def password_reset(user_id: str) -> PasswordReset | None:
    """What link may change the user's password now."""
    found = PasswordReset.find(user_id, "password-reset")
    return found if found and found.expires_at > clock.now() else None


def use_password_reset(tx: Transaction, reset: PasswordReset, used: Exception) -> None:
    """Take the link out of use; ``used`` is raised when another call just did, or replaced it."""
    tx.delete(reset, PasswordReset.nonce == reset.nonce, used)


def count_attempt(key: str, start: int, end: int, most: int) -> bool:
    """Count an attempt in a window (epoch seconds); False when there were ``most`` already."""
    return Attempts(f"attempts#{key}", str(start)).change_if(
        Attempts.n.does_not_exist() | (Attempts.n < most),
        Attempts.n.add(1),
        Attempts.expires_at.set(end),
    )


def session(user_id: str, session_id: str) -> Session | None:
    """The session, if it is still open."""
    found = Session.find(user_id, session_id)
    return found if found and found.expires_at > clock.now() else None


def renew(session: Session, generation: int, lifetime: int) -> bool:
    """Move the session to its next generation; False when it has moved on already."""
    return session.change_if(
        Session.generation == generation,
        Session.generation.add(1),
        Session.expires_at.set(clock.now() + lifetime),
    )


def end_session(tx: Transaction, user_id: str, session_id: str) -> None:
    """Delete a session; its refresh token is worth nothing from now on."""
    tx.delete(Session(user_id, session_id))


def open_sessions(user_id: str) -> list[str]:
    """The ids of a user's open sessions, the oldest first."""
    found = Session.query(user_id, Session.sk.startswith("ses_"), consistent_read=True)
    return [session.id for session in found if session.expires_at > clock.now()]


def _email_claim(email: str) -> str:
    return f"email#{email.casefold()}"
