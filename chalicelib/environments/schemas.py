"""What clients get of environments."""

from ..http.schemas import Answer


class Environment(Answer):
    """An environment of a project: how many web services run in it, and how many secrets there
    are in its own scope. ``secret_scopes``: where its services look for a secret, in this order."""

    name: str
    web_services: int
    secrets: int
    secret_scopes: list[str]
