"""Environment variables of services: one encrypted document each."""
