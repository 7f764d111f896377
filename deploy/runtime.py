"""The Python of the functions: that which packages, because it compiles what it packs."""

import sys

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
RUNTIME = f"python{VERSION}"
