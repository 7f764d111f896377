"""What people send about themselves, and what they get."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ..http.schemas import Answer, Body, Line, Time, UserId


def _email(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(text, check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError as error:
        raise ValueError(f"is not an e-mail address: {error}") from None


Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]
Password = Annotated[str, Field(min_length=10, max_length=1000)]
MailedToken = Annotated[str, Field(min_length=1, max_length=2000)]
PersonName = Annotated[Line, Field(min_length=1, max_length=100)]


class Register(Body):
    """A new account."""

    email: Email
    password: Password
    name: PersonName


class Login(Body):
    """The credentials of an account."""

    email: Annotated[str, Field(max_length=254)]
    password: Annotated[str, Field(max_length=1000)]


class Refresh(Body):
    """A refresh token."""

    refresh_token: Annotated[str, Field(max_length=2000)]


class LinkToken(Body):
    """The token of a mailed link."""

    token: MailedToken


class ResetRequest(Body):
    """Whose password is to be set anew."""

    email: Annotated[str, Field(max_length=254)]


class NewPassword(Body):
    """The token of a mailed link, and the password that shall hold from now on."""

    token: MailedToken
    password: Password


class ProfileChange(Body):
    """What a person may change of their profile; what is left out stays."""

    read_only = frozenset({"id", "email", "email_verified", "plan", "created_at", "updated_at"})

    name: PersonName = Field(default_factory=str)
    company: Annotated[Line, Field(max_length=100)] | None = None


class Profile(Answer):
    """A person, as they see themselves."""

    id: UserId
    email: str
    email_verified: bool
    name: str
    company: str | None
    plan: str
    created_at: Time
    updated_at: Time


class Verified(Answer):
    """An address, and that mail to it reaches the account's owner."""

    email: str
    email_verified: bool


class Accepted(Answer):
    """What was asked for follows by mail, where there is somebody to mail it to."""

    status: Literal["accepted"] = "accepted"


class Tokens(Answer):
    """A pair of tokens; ``expires_in`` is the access token's, in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 (it is the scheme's name)
    expires_in: int


class SignedIn(Tokens):
    """A pair of tokens and whose they are."""

    user: Profile
