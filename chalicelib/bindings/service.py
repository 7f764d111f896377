"""The rules of bindings."""

from dataclasses import replace

from ..errors import Conflict, InvalidRequest, NotFound
from ..http.call import Call
from ..project_secrets import store as vaults
from ..project_secrets.store import Vault
from ..services import store as services
from ..services.store import Service
from ..variables import service as variables
from ..variables import store
from ..variables.service import difference
from ..variables.store import Binding, HeldBinding, Settings
from . import resolution
from .schemas import BindingSet

MOST = 200
Bindings = dict[str, Binding]


def get(call: Call, binding_id: str, service: Service) -> HeldBinding:
    """A binding of the service, among its settings. Raises ``NotFound``."""
    del call
    settings = variables.read(service)
    for one in settings.bindings.values():
        if one.id == binding_id:
            return HeldBinding(settings, one)
    raise NotFound


def add(call: Call, service: Service, body: BindingSet) -> Binding:
    """Bind a secret. Raises ``Conflict`` when its name is bound already."""
    settings, vault = variables.read(service), _vault(service)
    made = _binding(body, _keys(vault), "")
    if made.alias_key in settings.bindings:
        raise Conflict(f"alias_key: {made.alias_key} is bound already; delete that binding first")
    _edit(call, service, settings, vault, settings.bindings | {made.alias_key: made})
    return made


def replace_all(call: Call, service: Service, items: list[BindingSet]) -> Bindings:
    """Let these be the service's bindings, all at once."""
    settings, vault = variables.read(service), _vault(service)
    keys = _bound_keys(settings) | _keys(vault)
    found: Bindings = {}
    for number, item in enumerate(items):
        made = _binding(item, keys, f"bindings.{number}.")
        if made.alias_key in found:
            raise InvalidRequest.field(f"bindings.{number}.alias_key", "is there twice")
        found[made.alias_key] = _kept(settings.bindings.get(made.alias_key), made)
    _edit(call, service, settings, vault, found)
    return found


def delete(call: Call, service: Service, held: HeldBinding) -> None:
    """Unbind a secret."""
    settings, binding = held
    left = {alias: one for alias, one in settings.bindings.items() if one != binding}
    _edit(call, service, settings, _vault(service), left)


def _vault(service: Service) -> Vault:
    return vaults.read(service.tenant, service.project_id)


def _keys(vault: Vault) -> dict[str, str]:
    """The keys of the project's secrets, by their ids."""
    return {one.id: one.key for one in vault.secrets.values()}


def _bound_keys(settings: Settings) -> dict[str, str]:
    """The keys that are bound, by the ids they were bound by, also of secrets that are gone."""
    return {one.project_secret_id: one.secret_key for one in settings.bindings.values()}


def _binding(body: BindingSet, keys: dict[str, str], place: str) -> Binding:
    key = keys.get(body.project_secret_id)
    if key is None:
        text = "is not a secret of the web service's project"
        raise InvalidRequest.field(place + "project_secret_id", text)
    return Binding(body.alias_key or key, key, body.project_secret_id)


def _kept(present: Binding | None, made: Binding) -> Binding:
    """The present binding where the new one binds the same secret."""
    same = present and present.project_secret_id == made.project_secret_id
    return present if present and same else made


def _edit(
    call: Call, service: Service, settings: Settings, vault: Vault, bindings: Bindings
) -> None:
    """Stage what is changed; it waits for the next deploy or restart."""
    if bindings == settings.bindings:
        return
    if len(bindings) > MOST:
        raise InvalidRequest.field("bindings", f"A web service has at most {MOST} bindings")
    changed = replace(settings, bindings=bindings)
    resolution.resolve(service, changed, vault.secrets)
    store.write(call.tx, service.tenant, changed)
    services.touch(call.tx, service)
    if vault.version:
        vaults.hold(call.tx, service.tenant, vault)
    call.changed = difference(settings.bindings, bindings)
