"""The rules of variables: how many, how large, and what a process gets of them."""

from ..errors import InvalidRequest
from ..store.transaction import Transaction
from . import store
from .store import Variable, Variables

MOST = 200
MOST_KIB = 128


def merge(tx: Transaction, tenant: str, service_id: str, changes: Variables) -> Variables:
    """The service's variables with these changes, which are staged; bounds are held.

    Raises ``InvalidRequest`` beyond 200 variables or 128 KiB in all.
    """
    present, version = store.read(tenant, service_id)
    merged = present | changes
    check(merged)
    if merged != present:
        store.replace(tx, tenant, service_id, merged, version)
    return merged


def create(tx: Transaction, tenant: str, service_id: str, variables: Variables) -> None:
    """Stage the first variables of a service that is just being made."""
    check(variables)
    if variables:
        store.replace(tx, tenant, service_id, variables, 0)


def read(tenant: str, service_id: str) -> Variables:
    """The service's variables."""
    return store.read(tenant, service_id)[0]


def remove(tx: Transaction, tenant: str, service_id: str) -> None:
    """Delete the variables of a service that goes."""
    store.remove(tx, tenant, service_id)


def check(variables: Variables) -> None:
    """Raise ``InvalidRequest`` when there are too many, or they are too large together."""
    if len(variables) > MOST:
        raise InvalidRequest.field("environment", f"holds more than {MOST} variables")
    size = sum(len(key) + len(one.value.encode()) for key, one in variables.items())
    if size > MOST_KIB * 1024:
        raise InvalidRequest.field("environment", f"is larger than {MOST_KIB} KiB in all")


def secrets(environment: dict[str, str]) -> Variables:
    """A plain map as secret variables."""
    return {key: Variable(value, is_secret=True) for key, value in environment.items()}


def environment(variables: Variables) -> dict[str, str]:
    """What the process gets."""
    return {key: one.value for key, one in variables.items()}
