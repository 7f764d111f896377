"""The audit log: who changed or revealed what, when, from where."""
