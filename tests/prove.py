"""Whether the long forms of the tests are asked for, as ``make prove`` does."""

import os

PROVE = bool(os.environ.get("PROVE"))
