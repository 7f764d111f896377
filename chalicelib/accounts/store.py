"""Users and sessions. Access paths: a user by id, a session by user and id; e-mail by claim."""

from typing import Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action

from .. import clock, ids
from ..errors import Conflict
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
    created_at = NumberAttribute()
    updated_at = NumberAttribute()

    @property
    def id(self) -> str:
        """The TypeID."""
        return str(self.pk)


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


def add_user(tx: Transaction, user: User, taken: Exception) -> None:
    """Make the user and claim the address; ``taken`` is raised when another has it."""
    claims.take(tx, _email_claim(user.email), user.id, taken)
    tx.create(user)


def user(user_id: str) -> User | None:
    """The user with this id."""
    return User.find(user_id, "user")


def user_by_email(email: str) -> User | None:
    """The user with this address, however it is capitalised."""
    owner = claims.owner(_email_claim(email))
    return user(owner) if owner else None


def change_user(tx: Transaction, user_id: str, *actions: Action) -> None:
    """Change a user's attributes."""
    tx.update(User(user_id, "user"), *actions)


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


def end_session(user_id: str, session_id: str) -> None:
    """Close a session; its tokens are worth nothing from now on."""
    Session(user_id, session_id).delete()


def _email_claim(email: str) -> str:
    return f"email#{email.casefold()}"


ALREADY_REGISTERED = Conflict("email: this address cannot be registered; sign in instead")
