"""API keys: the credentials of programs."""
