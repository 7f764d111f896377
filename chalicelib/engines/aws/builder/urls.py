"""Moves things by presigned URLs."""

import io
import json
import shutil
import urllib.request
from typing import IO, Any

_SECONDS = 600


def put(url: str, content: IO[bytes], size: int) -> None:
    """Send a file of so many bytes."""
    length = {"Content-Length": str(size)}
    request = urllib.request.Request(url, content, length, method="PUT")  # noqa: S310 (ours)
    urllib.request.urlopen(request, timeout=_SECONDS).close()  # noqa: S310 (ours)


def put_json(url: str, value: dict[str, Any]) -> None:
    """Send an object."""
    content = json.dumps(value).encode()
    put(url, io.BytesIO(content), len(content))


def get(url: str, into: IO[bytes]) -> None:
    """Fetch a file."""
    with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310 (ours)
        shutil.copyfileobj(answer, into)


def get_json(url: str) -> dict[str, Any]:
    """Fetch an object."""
    content = io.BytesIO()
    get(url, content)
    return dict(json.loads(content.getvalue()))
