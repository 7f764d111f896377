"""Bindings: which secrets of its project a service takes, under which names, and what it gets."""
