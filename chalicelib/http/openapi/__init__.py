"""The OpenAPI 3.1 description, made from the declared routes."""

from .document import describe

__all__ = ["describe"]
