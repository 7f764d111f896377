"""Orbitra: a Platform-as-a-Service that costs nothing while idle."""
