"""What AWS refuses, or botocore cannot do, with what an operator does about it."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as NoConnection

NONE = (
    "No credentials for AWS: run `aws configure sso` or `aws configure`, or set AWS_PROFILE, or "
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
SIGN_IN = "Sign in anew (`aws sso login`, or new keys), and run this again: what was begun goes on"
ASK_FOR_RIGHTS = "Run this with the rights of an administrator of the account"
UNREACHABLE = "Run this again when AWS can be reached: what was begun goes on"
ADVICE = {
    "AccessDenied": ASK_FOR_RIGHTS,
    "AccessDeniedException": ASK_FOR_RIGHTS,
    "UnauthorizedOperation": ASK_FOR_RIGHTS,
    "AuthFailure": SIGN_IN,
    "ExpiredToken": SIGN_IN,
    "ExpiredTokenException": SIGN_IN,
    "InvalidClientTokenId": SIGN_IN,
    "RequestExpired": SIGN_IN,
    "SignatureDoesNotMatch": SIGN_IN,
    "UnrecognizedClientException": SIGN_IN,
}


def told(error: BotoCoreError | ClientError) -> str:
    """The error in AWS's own words, and what to do where we know it."""
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        return NONE
    return "\n".join(filter(None, [str(error), _advice(error)]))


def _advice(error: BotoCoreError | ClientError) -> str | None:
    match error:
        case ClientError():
            return ADVICE.get(error.response["Error"]["Code"])
        case SSOError() | TokenRetrievalError():
            return SIGN_IN
        case NoConnection() | HTTPClientError():
            return UNREACHABLE
    return None
