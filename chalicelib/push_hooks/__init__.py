"""Push hooks: an address that a git host calls after a push, so that what was pushed is deployed.

The token in the address is the credential; only its SHA-256 is kept.
"""
