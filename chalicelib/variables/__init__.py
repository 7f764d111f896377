"""Environment variables of services, and which project secrets a service binds.

Both are one document a service, replaced whole by a condition on its version.
"""
