"""Puts everything that KMS wraps under the installation's present key: after a key was replaced.

``python -m chalicelib.security.rewrapping``. What the data keys encrypt stays as it is, and so do
services; it may run while requests go on, and again after it was interrupted.
"""

from collections.abc import Iterator

from .. import aws
from ..settings import settings
from .encryption import INSTALLATION, DataKey
from .tokens import SigningKey

Wrapped = DataKey | SigningKey


def rewrap() -> int:
    """Wrap every data key and the signing key anew; how many there were."""
    return sum(_rewrapped(one, context) for one, context in _all())


def _all() -> Iterator[tuple[Wrapped, dict[str, str]]]:
    for found in SigningKey.query("signing-key"):
        yield found, INSTALLATION
    for one in DataKey.scan(DataKey.sk.startswith("data-key#")):
        yield one, {"tenant": one.pk}


def _rewrapped(one: Wrapped, context: dict[str, str]) -> bool:
    """Whether it was; one that another call has wrapped meanwhile is left as it is."""
    answer = aws.client("kms").re_encrypt(
        CiphertextBlob=one.wrapped,
        SourceEncryptionContext=context,
        DestinationKeyId=settings().kms_key_id,
        DestinationEncryptionContext=context,
    )
    kind = type(one)
    return one.change_if(kind.wrapped == one.wrapped, kind.wrapped.set(answer["CiphertextBlob"]))


if __name__ == "__main__":
    print(f"{rewrap()} keys are wrapped by {settings().kms_key_id} now.")
