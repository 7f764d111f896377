"""Workspaces, the tenancy boundary, and who is a member of which."""
