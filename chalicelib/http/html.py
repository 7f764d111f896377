"""What the HTML pages have in common: a policy that lets a page's own style and script run."""

import base64
import hashlib


def policy(style: str, script: str, *more: str) -> str:
    """A content security policy: this style, this script, and nothing else but ``more``."""
    rules = (
        "default-src 'none'",
        f"style-src '{_digest(style)}'",
        f"script-src '{_digest(script)}'",
        "base-uri 'none'",
        "form-action 'none'",
        *more,
    )
    return "; ".join(rules)


def _digest(text: str) -> str:
    """How a policy names what stands in the page."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
