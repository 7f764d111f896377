"""Secrets of projects, each in a scope: what services take them is said by their bindings."""
