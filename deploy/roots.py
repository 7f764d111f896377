"""Amazon's root certificates: all that a call of AWS has to trust.

To load the hundred and more that botocore trusts is a tenth of a cold start. A trust store of one's
own should have all five of these: https://www.amazontrust.com/repository.
"""

import re
from pathlib import Path

import botocore

LABELS = (
    *(f"Amazon Root CA {number}" for number in (1, 2, 3, 4)),
    "Starfield Services Root Certificate Authority - G2",
)
FILE = "amazon-roots.pem"
TRUSTED = Path(botocore.__file__).with_name("cacert.pem")
_ENTRY = re.compile(
    r'^# Label: "(.+)"\n(?:#.*\n)*(-----BEGIN CERTIFICATE-----\n(?:[^-].*\n)+-----END.+\n)',
    re.MULTILINE,
)


def of_amazon() -> str:
    """The five as PEM, as botocore has them. Raises ``KeyError`` where one is missing there."""
    trusted = dict(_ENTRY.findall(TRUSTED.read_text("utf-8")))
    return "".join(trusted[label] for label in LABELS)
