"""What a role in a workspace allows."""

from ..http.call import SCOPES, Scope

ROLES = ("viewer", "member", "admin", "owner")
SCOPE_OF: dict[str, Scope] = {
    "owner": "admin",
    "admin": "admin",
    "member": "write",
    "viewer": "read",
}


def narrower(one: Scope, other: Scope) -> Scope:
    """The smaller of two scopes."""
    return min(one, other, key=SCOPES.index)
