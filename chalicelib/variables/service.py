"""The rules of variables: how many, how large, and how they change."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..errors import Conflict, InvalidRequest, NotFound
from ..http.call import Call
from ..services import store as services
from ..services.store import Service
from ..store.transaction import Transaction
from . import masking, store
from .masking import MASK
from .schemas import VariableChange, VariableItem, VariableSet
from .store import Held, Settings, Variable, Variables

MOST = 200
MOST_KIB = 128
BODY_KIB = 1024  # in JSON a control character takes six letters


def given(sent: Iterable[VariableSet]) -> Variables:
    """New variables. Raises ``InvalidRequest`` for a key that is there twice."""
    found: Variables = {}
    for number, one in enumerate(sent):
        if one.key in found:
            raise InvalidRequest.field(f"env_vars.{number}.key", "is there twice")
        found[one.key] = Variable(one.key, one.value, one.is_secret)
    return found


def secrets(environment: Mapping[str, str]) -> Variables:
    """A plain map as secret variables."""
    return {key: Variable(key, value, is_secret=True) for key, value in environment.items()}


def create(tx: Transaction, service: Service, variables: Variables) -> Settings:
    """Stage the first variables of a service that is just being made."""
    check(variables)
    settings = Settings(service.id, service.project_id, variables)
    if variables:
        store.write(tx, service.tenant, settings)
    return settings


def read(service: Service) -> Settings:
    """The service's variables and bindings."""
    return store.read(service.tenant, service.id, service.project_id)


def get(call: Call, variable_id: str, service: Service) -> Held:
    """A variable of the service, among its settings. Raises ``NotFound``."""
    del call
    settings = read(service)
    for one in settings.variables.values():
        if one.id == variable_id:
            return Held(settings, one)
    raise NotFound


def add(call: Call, service: Service, body: VariableSet) -> Variable:
    """Add a variable. Raises ``Conflict`` when there is one with its key."""
    settings = read(service)
    if body.key in settings.variables:
        raise Conflict(f"key: there is a variable {body.key} already; change that one")
    made = Variable(body.key, body.value, body.is_secret)
    _edit(call, service, settings, settings.variables | {made.key: made})
    return made


def change(call: Call, service: Service, held: Held, body: VariableChange) -> Variable:
    """Change a variable."""
    changed = _changed(held.variable, body, "")
    _edit(call, service, held.settings, held.settings.variables | {changed.key: changed})
    return changed


def delete(call: Call, service: Service, held: Held) -> None:
    """Delete a variable."""
    left = {key: one for key, one in held.settings.variables.items() if one != held.variable}
    _edit(call, service, held.settings, left)


def replace_all(call: Call, service: Service, items: list[VariableItem]) -> Variables:
    """Let these be the service's variables, all at once; a key that is left out goes."""
    settings = read(service)
    return _edit(call, service, settings, _taken(settings.variables, items))


def change_many(call: Call, service: Service, items: list[VariableItem]) -> Variables:
    """Change or add these variables, all at once; the others stay."""
    settings = read(service)
    changed = _taken(settings.variables, items)
    return _edit(call, service, settings, settings.variables | changed)


def merge(call: Call, service: Service, settings: Settings, given: Variables) -> Settings:
    """The settings with these variables, staged; the caller counts the revision."""
    present = settings.variables
    merged = present | {key: _over(present.get(key), one) for key, one in given.items()}
    return _stage(call, service, settings, merged)


def check(variables: Variables) -> None:
    """Raise ``InvalidRequest`` when there are too many, or they are too large together."""
    if len(variables) > MOST:
        raise InvalidRequest.field("environment", f"holds more than {MOST} variables")
    if block_size({key: one.value for key, one in variables.items()}) > MOST_KIB * 1024:
        raise InvalidRequest.field("environment", f"is larger than {MOST_KIB} KiB in all")


def block_size(environment: Mapping[str, str]) -> int:
    """The bytes that a process's environment takes: ``KEY=value`` and a zero byte each."""
    return sum(len(key) + len(value.encode()) + 2 for key, value in environment.items())


def _edit(call: Call, service: Service, settings: Settings, variables: Variables) -> Variables:
    """Stage what is changed; it waits for the next deploy or restart."""
    if variables != settings.variables:
        _stage(call, service, settings, variables)
        services.touch(call.tx, service)
    return variables


def _stage(call: Call, service: Service, settings: Settings, variables: Variables) -> Settings:
    check(variables)
    changed = replace(settings, variables=variables)
    if variables != settings.variables:
        store.write(call.tx, service.tenant, changed)
        call.changed = difference(settings.variables, variables)
    return changed


def difference(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, list[str]]:
    """The keys that were added, changed and removed, for the audit log."""
    changed = [key for key in after if key in before and before[key] != after[key]]
    return {
        "added": [key for key in after if key not in before],
        "changed": changed,
        "removed": [key for key in before if key not in after],
    }


def _taken(present: Variables, items: list[VariableItem]) -> Variables:
    """What a list of items makes of the present variables, by key."""
    found: Variables = {}
    keys = {one.id: key for key, one in present.items()}
    for number, item in enumerate(items):
        place = f"variables.{number}."
        if item.key in found:
            raise InvalidRequest.field(place + "key", "is there twice")
        if keys.get(item.id or "", item.key) != item.key:
            raise Conflict(f"{place}id: is that of another variable, {keys[item.id or '']}")
        found[item.key] = _item(present.get(item.key), item, place)
    return found


def _item(present: Variable | None, item: VariableItem, place: str) -> Variable:
    if present:
        return _changed(present, item, place)
    if item.value == MASK:
        raise InvalidRequest.field(place + "value", "is required for a new variable")
    return Variable(item.key, item.value, bool(item.is_secret))


def _changed(present: Variable, body: VariableChange, place: str) -> Variable:
    """The variable as the body has it, or itself when nothing differs."""
    value, is_secret = masking.changed(present, body, place)
    return _over(present, Variable(present.key, value, is_secret))


def _over(present: Variable | None, new: Variable) -> Variable:
    """The new one in the place of the present one, or that itself when nothing differs."""
    if present is None:
        return new
    if (present.value, present.is_secret) == (new.value, new.is_secret):
        return present
    return replace(new, id=present.id, created_at=present.created_at)
