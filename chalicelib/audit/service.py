"""What is noted, and reading it."""

from typing import Any

from .. import clock, ids
from ..http.call import Call
from ..http.routes import Route
from ..store.transaction import Transaction
from . import store
from .store import Entry

KEPT_SECONDS = 400 * 86_400


def note(call: Call, route: Route, params: dict[str, str], result: Any) -> None:
    """Note what a call did, in its transaction: committed with it or not at all."""
    target = getattr(result, "id", None) or _named(route, params)
    store.add(call.tx, _entry(call, route, _tenant(call, route, params, target), target))


def note_refusal(call: Call, route: Route, params: dict[str, str]) -> None:
    """Note at once that the caller asked for what their credential does not allow."""
    tx = Transaction()
    try:
        target = _named(route, params)
    except ValueError:
        target = None
    store.add(tx, _entry(call, route, call.tenant, target, is_refused=True))
    tx.commit()


def _entry(
    call: Call, route: Route, tenant: str, target: str | None, *, is_refused: bool = False
) -> Entry:
    caller = call.caller
    return Entry.new(
        tenant,
        ids.new("aud"),
        action=route.function.__name__,
        target_id=target,
        user_id=caller.user_id,
        api_key_id=caller.key_id,
        source_ip=call.source_ip or None,
        request_id=call.request_id,
        is_refused=is_refused,
        changed=call.changed or None,
        expires_at=clock.now() + KEPT_SECONDS,
    )


def _tenant(call: Call, route: Route, params: dict[str, str], target: str | None) -> str:
    """Whose log it belongs into: the workspace that it is about, else the caller's."""
    about = [ids.parse("wks", params[name]) for name in route.resources if name == "workspace_id"]
    if target and target.startswith("wks_"):
        about.append(target)
    return f"{call.caller.mode}#{about[0]}" if about else call.tenant


def _named(route: Route, params: dict[str, str]) -> str | None:
    """The last resource that the path names."""
    named = list(route.resources.values())
    return ids.parse(named[-1].prefix, params[named[-1].name]) if named else None


def read(call: Call, before: str | None, limit: int) -> tuple[list[Entry], str | None]:
    """A page of entries and where the next one begins; None at the end."""
    found = store.before(call.tenant, before, limit + 1)
    rows = found[:limit]
    return rows, rows[-1].id if len(found) > limit else None
