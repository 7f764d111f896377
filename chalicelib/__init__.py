"""Orbitra: a Platform-as-a-Service that costs nothing while idle."""

import os

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for them slows a cold start
