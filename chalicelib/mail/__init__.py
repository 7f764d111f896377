"""The platform's own mail: what it says, and how it is sent."""
