"""The gate of a workspace: the one item that decides about every call to it.

It holds what admission asks for: who is a member, which credentials are good, the plan, and how
many calls were made. So a call is admitted and counted by one conditional update, exactly, however
many arrive at once; whoever is refused is not counted, and a refusal that is remembered costs no
call at all.

The condition is small, because ``version`` stands for all but the counts: it changes with members,
credentials and plan. What a process remembers of a gate is thereby proven or corrected by the very
update that counts. The rolling minute is a ring of a credential's last calls: a call may enter when
the ring has room, or when its oldest stamp is more than a minute old and makes room.
"""

from dataclasses import dataclass, field
from typing import Any, Self

from botocore.exceptions import ClientError
from pynamodb.attributes import MapAttribute, NumberAttribute, UnicodeAttribute

from .. import clock
from ..errors import ServiceUnavailable, Unauthorized
from ..http.limits import Standing
from ..store.items import Item, table
from ..store.wire import wire
from . import plans
from .gate_state import Badge, Moment, State

INVALID = "These credentials are invalid, expired or revoked"
ATTEMPTS = 20
MOST_REMEMBERED = 2_000
_END = 100_000  # setting beyond the end of a list appends
_NAMES = {
    "#version": "version",
    "#hour": "hour",
    "#hours": "hour_count",
    "#ten": "ten",
    "#tens": "ten_count",
}

_remembered: dict[str, State] = {}


_Map: Any = MapAttribute


class Gate(Item):
    """``pk`` is the tenant, ``sk`` is ``gate``.

    ``members``: role by user. ``rings``: stamps of the last calls by credential; an API key is good
    while it has one. ``ended``: sessions that were closed, and until when that matters.
    """

    class Meta:
        table_name = table("workspaces")

    version = NumberAttribute(default=1)
    plan = UnicodeAttribute(default=plans.FREE)
    limits = _Map(default=dict)
    hour = NumberAttribute(default=0)
    hour_count = NumberAttribute(default=0)
    ten = NumberAttribute(default=0)
    ten_count = NumberAttribute(default=0)
    members = _Map(default=dict)
    rings = _Map(default=dict)
    ended = _Map(default=dict)

    @classmethod
    def of(cls, tenant: str) -> Self:
        """The gate of a tenant, by its key."""
        return cls(tenant, "gate")


@dataclass(frozen=True)
class Admitted:
    """A call that was let in: its caller's role, the workspace's plan, where the caller stands."""

    role: str
    plan: str
    standing: Standing


def enter(tenant: str, badge: Badge) -> Admitted:
    """Let a call in and count it.

    Raises ``Unauthorized`` for who is not (any more) allowed in, ``LimitReached`` beyond a limit.
    """
    state = _remembered.get(tenant)
    if state is None or not state.knows(badge):
        state = _read(tenant)
    for _ in range(ATTEMPTS):
        if not state.knows(badge):
            raise Unauthorized(INVALID)
        moment = Moment.now()
        state.check(badge, moment)
        state, counted = _count(tenant, state, badge, moment)
        _remember(tenant, state)
        if counted:
            role = state.role(badge.user_id) or ""
            return Admitted(role, state.plan, state.standing(badge, moment))
    raise ServiceUnavailable


def knows(tenant: str, badge: Badge) -> bool:
    """Whether the gate would let its bearer in at this moment; nothing is counted."""
    try:
        return _read(tenant).knows(badge)
    except Unauthorized:
        return False


def look(tenant: str) -> State:
    """The gate as it is now. Raises ``Unauthorized`` when there is none."""
    return _read(tenant)


def forget() -> None:
    """Forget what was seen of every gate."""
    _remembered.clear()


def _remember(tenant: str, state: State) -> None:
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    _remembered[tenant] = state


def _key(tenant: str) -> dict[str, Any]:
    return {"TableName": Gate.Meta.table_name, "Key": {"pk": {"S": tenant}, "sk": {"S": "gate"}}}


def _read(tenant: str) -> State:
    found = wire()._make_api_call("GetItem", {**_key(tenant), "ConsistentRead": True})
    return _state(found.get("Item"))


def _state(raw: dict[str, Any] | None) -> State:
    if raw is None:
        raise Unauthorized(INVALID)
    return State(raw)


def _count(tenant: str, state: State, badge: Badge, moment: Moment) -> tuple[State, bool]:
    """Count a call; the gate as it now is, and whether the state in hand was right."""
    change = _change(state, badge, moment)
    answers = {"ReturnValues": "ALL_NEW", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    try:
        counted = wire()._make_api_call("UpdateItem", {**_key(tenant), **change, **answers})
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return _state(error.response.get("Item")), False
    return _state(counted["Attributes"]), True


def _change(state: State, badge: Badge, moment: Moment) -> dict[str, Any]:
    ring, most = state.ring(badge.credential), state.limits.minute
    outgrown = ring is not None and most is not None and len(ring) > most
    if outgrown or state.is_behind(moment):
        return _turned(state, badge, moment).written()
    return _added(state, badge, moment).written()


@dataclass
class _Update:
    """The parts of an update expression and of its condition."""

    sets: list[str]
    rules: list[str]
    names: dict[str, str]
    values: dict[str, Any]
    removes: list[str] = field(default_factory=list)

    def written(self) -> dict[str, Any]:
        """What UpdateItem takes."""
        removes = f" REMOVE {', '.join(self.removes)}" if self.removes else ""
        return {
            "UpdateExpression": f"SET {', '.join(self.sets)}{removes}",
            "ConditionExpression": " AND ".join(self.rules),
            "ExpressionAttributeNames": self.names,
            "ExpressionAttributeValues": {n: _written(one) for n, one in self.values.items()},
        }


def _added(state: State, badge: Badge, moment: Moment) -> _Update:
    """One more in the present windows, while there is room in all of them."""
    update = _Update(
        ["#hours = #hours + :one", "#tens = #tens + :one"],
        ["#version = :version", "#hour = :hour", "#ten = :ten"],
        dict(_NAMES),
        {":one": 1, **_seen(state)},
    )
    for name, limit in (("hours", state.limits.hour), ("tens", state.limits.ten_minutes)):
        if limit is not None:
            update.rules.append(f"#{name} < :{name}")
            update.values[f":{name}"] = limit
    if state.limits.minute is not None:
        _stamp(update, state.ring(badge.credential), state.limits.minute, moment)
        update.names |= {"#rings": "rings", "#credential": badge.credential}
    return update


def _stamp(update: _Update, ring: list[int] | None, most: int, moment: Moment) -> None:
    """Put the call's stamp into its ring, in place of one or two that are more than a minute old,
    or where there is room."""
    path = "#rings.#credential"
    if ring is None:
        update.sets.append(f"{path} = :stamps")
        update.rules.append(f"attribute_not_exists({path})")
        update.values[":stamps"] = [moment.stamp]
        return
    update.sets.append(f"{path}[{_END}] = :stamp")
    update.values[":stamp"] = moment.stamp
    old = sum(stamp <= moment.cut for stamp in ring[:2])
    if old:
        update.removes = [f"{path}[{index}]" for index in range(old)]
        update.rules.append(f"{path}[{old - 1}] <= :cut")
        update.values[":cut"] = moment.cut
    else:
        update.rules.append(f"size({path}) < :most")
        update.values[":most"] = most


def _turned(state: State, badge: Badge, moment: Moment) -> _Update:
    """The next window begins with this call, and what time has made worthless goes.

    All but the counts is written anew, so the state in hand must be the present one to the count.
    """
    hour, ten = state.counts(moment)
    values = {
        **_seen(state),
        ":seen_tens": state.number("ten_count"),
        ":next_hour": max(moment.hour, state.number("hour")),
        ":next_ten": max(moment.ten, state.number("ten")),
        ":hours": hour + 1,
        ":tens": ten + 1,
        ":rings": _fresh_rings(state, badge, moment),
        ":ended": _still_ended(state),
    }
    windows = ["#hour = :next_hour", "#hours = :hours", "#ten = :next_ten", "#tens = :tens"]
    return _Update(
        [*windows, "#rings = :rings", "#ended = :ended"],
        ["#version = :version", "#hour = :hour", "#ten = :ten", "#tens = :seen_tens"],
        {**_NAMES, "#rings": "rings", "#ended": "ended"},
        values,
    )


def _seen(state: State) -> dict[str, Any]:
    return {f":{name}": state.number(name) for name in ("version", "hour", "ten")}


def _fresh_rings(state: State, badge: Badge, moment: Moment) -> dict[str, list[int]]:
    """Every ring without what is old, the caller's with this call; idle sessions have none."""
    rings = {
        credential: [stamp for stamp in ring if stamp > moment.cut]
        for credential, ring in state.rings()
    }
    rings[badge.credential] = [*rings.get(badge.credential, []), moment.stamp]
    return {name: ring for name, ring in rings.items() if ring or not name.startswith("ses_")}


def _still_ended(state: State) -> dict[str, int]:
    return {name: until for name, until in state.ended().items() if until > clock.now()}


def _written(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"M": {name: _written(one) for name, one in value.items()}}
    if isinstance(value, list):
        return {"L": [_written(one) for one in value]}
    return {"N": str(value)}
