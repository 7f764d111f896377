"""Every error code of the API: what it means, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """An error; ``codes`` are its names, that of ``/v1`` in small letters."""

    codes: tuple[str, ...]
    status: int
    meaning: str
    remedy: str

    @property
    def anchors(self) -> list[str]:
        """The parts of the page's address that lead here: the codes in kebab case."""
        return list(dict.fromkeys(code.lower().replace("_", "-") for code in self.codes))


ERRORS = (
    Entry(
        ("invalid_request", "VALIDATION_FAILED"),
        400,
        "The request is malformed, or a field has a value that it cannot have. Nothing was done.",
        "Read which field is named, and send what its message asks for.",
    ),
    Entry(
        ("unauthorized", "UNAUTHORIZED"),
        401,
        "There is no credential, or it is wrong, expired or revoked, or not of this workspace.",
        "Send “Authorization: Bearer” with a key or an access token that is still good.",
    ),
    Entry(
        ("payment_required",),
        402,
        "The workspace's plan does not hold this.",
        "Use less of it, or change the plan.",
    ),
    Entry(
        ("forbidden", "FORBIDDEN"),
        403,
        "The credential is good, but its scope, role or project does not allow this.",
        "Use a key with the scope that the operation names, or ask an admin for the role.",
    ),
    Entry(
        ("not_found", "NOT_FOUND"),
        404,
        "There is no such path, or nothing of yours has this id.",
        "Check the id, and that the key is of the workspace that the resource is in.",
    ),
    Entry(
        ("method_not_allowed",),
        405,
        "The path is there, but does not answer to this method.",
        "Use one of the methods in the Allow header.",
    ),
    Entry(
        ("conflict",),
        409,
        "The present state does not allow it, or a name is taken.",
        "Read the resource again and decide anew.",
    ),
    Entry(
        ("payload_too_large",),
        413,
        "The body is larger than the operation takes.",
        "Send less; files go to the address that an upload is given.",
    ),
    Entry(
        ("unsupported_media_type",),
        415,
        "The body is not JSON.",
        "Send JSON with “Content-Type: application/json”.",
    ),
    Entry(
        ("idempotency_key_reuse", "IDEMPOTENCY_KEY_REUSE"),
        422,
        "The Idempotency-Key was used with another body in the last 24 hours.",
        "Use a new key for each new request, and the same key only to repeat one.",
    ),
    Entry(
        ("rate_limit_exceeded", "RATE_LIMITED"),
        429,
        "A limit is exhausted; the RateLimit headers say which.",
        "Wait as many seconds as Retry-After says.",
    ),
    Entry(
        ("internal_error", "INTERNAL_ERROR"),
        500,
        "Something went wrong on our side.",
        "Repeat the request with the same Idempotency-Key; if it goes on, send us the request id.",
    ),
    Entry(
        ("service_unavailable",),
        503,
        "Something that the platform stands on does not answer. Nothing was done.",
        "Repeat the request after as many seconds as Retry-After says.",
    ),
    Entry(
        ("INVALID_IDEMPOTENCY_KEY",),
        400,
        "The Idempotency-Key is empty, too long or not plain text.",
        "Send 1 to 255 printable ASCII characters, such as a UUID.",
    ),
    Entry(
        ("API_KEY_LIMIT_REACHED",),
        400,
        "You have as many API keys as there can be.",
        "Delete one that is no longer used.",
    ),
    Entry(
        ("SLUG_TAKEN",),
        409,
        "Another app has this slug.",
        "Choose another; slugs are unique over all workspaces.",
    ),
    Entry(
        ("SLUG_RESERVED",),
        409,
        "The platform keeps this slug for itself.",
        "Choose another.",
    ),
    Entry(
        ("DOMAIN_IN_USE",),
        409,
        "The domain belongs to another app.",
        "Remove it there first.",
    ),
    Entry(
        ("CERT_CREATION_FAILED",),
        500,
        "No certificate could be made for the domain.",
        "Check the domain's DNS records, then add it again.",
    ),
    Entry(
        ("DEPLOY_FAILED",),
        500,
        "The app could not be put online; what was online still is.",
        "Read the deployment's log, then deploy again.",
    ),
    Entry(
        ("APP_LIMIT_REACHED",),
        400,
        "The plan holds no more apps.",
        "Delete one, or change the plan.",
    ),
    Entry(
        ("SUBSCRIPTION_REQUIRED",),
        403,
        "This needs a plan that is paid for.",
        "Subscribe to one.",
    ),
    Entry(
        ("SUBSCRIPTION_EXISTS",),
        400,
        "There is a subscription already.",
        "Change its plan instead of making another.",
    ),
    Entry(
        ("NO_PAYMENT_METHOD",),
        400,
        "There is nothing to pay with.",
        "Add a card first.",
    ),
    Entry(
        ("NO_ACTIVE_SUBSCRIPTION",),
        400,
        "There is no subscription that this could be about.",
        "Subscribe first.",
    ),
    Entry(
        ("NOT_CANCELING",),
        400,
        "The subscription is not about to end.",
        "There is nothing to take back.",
    ),
    Entry(
        ("ALREADY_CANCELING",),
        400,
        "The subscription is about to end already.",
        "There is nothing left to do.",
    ),
    Entry(
        ("SUBSCRIPTION_CANCELING",),
        400,
        "The subscription is about to end, so it cannot be changed.",
        "Resume it first.",
    ),
    Entry(
        ("SAME_PLAN",),
        400,
        "The subscription has this plan already.",
        "Choose another.",
    ),
    Entry(
        ("CARD_ERROR",),
        400,
        "The card was refused.",
        "Ask the bank, or use another card.",
    ),
    Entry(
        ("PAYMENT_ERROR",),
        400,
        "The payment did not go through.",
        "Try again, or pay in another way.",
    ),
    Entry(
        ("NO_STRIPE_CUSTOMER",),
        400,
        "The payment provider knows nothing of this account yet.",
        "Subscribe once; the customer is made then.",
    ),
)
