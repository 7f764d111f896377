"""People: registration, sessions, profiles."""
