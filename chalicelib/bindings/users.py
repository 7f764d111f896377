"""Which services take which secrets, and what becomes of them when the secrets change."""

from typing import NamedTuple

from .. import jobs
from ..jobs import Job, Outcome
from ..project_secrets.scopes import fitting
from ..project_secrets.store import Secrets, Vault
from ..services import store as services
from ..services.store import Service
from ..store.transaction import Transaction
from ..variables import store as variables
from ..variables.store import Settings

KIND = "services.touch"
AT_ONCE = 50
HELD = 40
MOST_SERVICES = 1_000


class Use(NamedTuple):
    """A service that binds what changes; ``differs``: it takes another value then."""

    service: Service
    differs: bool


def uses(tenant: str, vault: Vault, after: Secrets) -> list[Use]:
    """The services that bind what differs when the project's secrets are changed to these."""
    before, touched = vault.secrets, _touched(vault.secrets, after)
    bound = variables.bindings_in(tenant, vault.project_id, MOST_SERVICES)
    keys = {one.service_id: touched & _keys(one) for one in bound}
    found = (Service.of(tenant, service_id) for service_id in keys if keys[service_id])
    return [Use(one, _differs(one, keys[one.id], before, after)) for one in found if one]


def note(tx: Transaction, tenant: str, found: list[Use]) -> None:
    """Count a change for those who take another value; the others must stay as they were seen."""
    touch(tx, tenant, [use.service for use in found if use.differs])
    for service in [use.service for use in found if not use.differs][:HELD]:
        services.hold(tx, service)


def touch(tx: Transaction, tenant: str, found: list[Service]) -> None:
    """Count a change for each; beyond what a transaction holds, a job does."""
    for service in found[:AT_ONCE]:
        services.touch(tx, service)
    if left := [service.id for service in found[AT_ONCE:]]:
        jobs.enqueue(tx, tenant, KIND, {"service_ids": left})


@jobs.handler(KIND)
def touch_more(job: Job, tx: Transaction) -> Outcome:
    """Count a change for some services; another job does those that follow."""
    found = [Service.of(job.tenant, one) for one in job.payload["service_ids"]]
    touch(tx, job.tenant, [service for service in found if service])
    return None


def _touched(before: Secrets, after: Secrets) -> set[str]:
    """The keys of which something differs."""
    places = before.keys() | after.keys()
    return {key for key, scope in places if before.get((key, scope)) != after.get((key, scope))}


def _keys(settings: Settings) -> set[str]:
    return {binding.secret_key for binding in settings.bindings.values()}


def _differs(service: Service, keys: set[str], before: Secrets, after: Secrets) -> bool:
    env = service.environment
    return any(fitting(before, key, env)[:1] != fitting(after, key, env)[:1] for key in keys)
