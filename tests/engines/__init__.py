"""Engines: what is told of failures."""
