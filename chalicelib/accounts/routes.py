"""Registration, sign-in and profiles."""

from ..http.call import Call
from ..http.surfaces import platform, public
from ..security import tokens
from . import password_reset, service, verification
from .schemas import (
    Accepted,
    LinkToken,
    Login,
    NewPassword,
    Profile,
    ProfileChange,
    Refresh,
    Register,
    ResetRequest,
    SignedIn,
    Tokens,
    Verified,
)
from .store import Session, User

ADA = {"email": "ada@example.com", "password": "correct horse battery", "name": "Ada Lovelace"}


@public.post("/auth/register", scope=None, status=201, example=ADA)
def register(call: Call, body: Register) -> SignedIn:
    """Register an account; it gets a personal workspace and is signed in."""
    return _signed_in(*service.register(call, body))


@public.post(
    "/auth/login", scope=None, example={"email": ADA["email"], "password": ADA["password"]}
)
def login(call: Call, body: Login) -> SignedIn:
    """Sign in with e-mail address and password."""
    return _signed_in(*service.login(call, body))


@public.post("/auth/refresh", scope=None, example={"refresh_token": "eyJ…"})
def refresh(call: Call, body: Refresh) -> Tokens:
    """Exchange a refresh token for a new pair; each works once."""
    del call
    return Tokens(**_pair(service.refresh(body.refresh_token)))


@public.post("/auth/logout", scope="read", status=204)
def logout(call: Call) -> None:
    """End the session of the access token."""
    service.logout(call)


@public.post("/auth/verify-email", scope=None, example={"token": "eyJ…"})
def verify_email(call: Call, body: LinkToken) -> Verified:
    """Verify the e-mail address with the token that was mailed to it."""
    return Verified.model_validate(verification.verify(call, body.token))


@public.post("/auth/verify-email/resend", scope="read", status=202)
def resend_verification(call: Call) -> Accepted:
    """Mail the link that verifies the e-mail address once more."""
    verification.resend(call, service.me(call))
    return Accepted()


@public.post("/auth/password-reset", scope=None, status=202, example={"email": "ada@example.com"})
def request_password_reset(call: Call, body: ResetRequest) -> Accepted:
    """Mail a link that sets a new password; the answer is the same for any address."""
    password_reset.request(call, body.email)
    return Accepted()


@public.post(
    "/auth/password-reset/confirm",
    scope=None,
    status=204,
    example={"token": "eyJ…", "password": "a better horse battery"},
)
def confirm_password_reset(call: Call, body: NewPassword) -> None:
    """Set a new password with the mailed token, once; every session ends."""
    password_reset.confirm(call, body)


@platform.get("/users/me", scope="read", for_bound_keys=True)
def get_me(call: Call) -> Profile:
    """Get the profile of the authenticated user."""
    return Profile.model_validate(service.me(call))


@platform.put("/users/me", scope="write", example={"name": "Jane Doe", "company": "Acme Inc"})
def update_me(call: Call, body: ProfileChange) -> Profile:
    """Update the profile of the authenticated user."""
    return Profile.model_validate(service.update_me(call, body.sent()))


def _signed_in(user: User, session: Session) -> SignedIn:
    return SignedIn(user=Profile.model_validate(user), **_pair(session))


def _pair(session: Session) -> dict[str, str | int]:
    user_id, session_id = str(session.pk), session.id
    return {
        "access_token": tokens.issue_access(user_id, session_id, str(session.workspace_id)),
        "refresh_token": tokens.issue_refresh(user_id, session_id, int(session.generation)),
        "expires_in": tokens.ACCESS_SECONDS,
    }
