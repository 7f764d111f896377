"""How often a person may do what is dear, an hour (contract §4, "per action")."""

from pynamodb.attributes import NumberAttribute

from .. import clock
from ..http.call import Call
from ..http.limits import LimitReached, Policy
from ..store.items import Item, table
from . import plans

HOUR = 3600
MOST_AN_HOUR = {"key-creation": 5}


class _Count(Item):
    """``pk`` is the user, ``sk`` the action and the hour."""

    class Meta:
        table_name = table("accounts")

    times = NumberAttribute()
    expires_at = NumberAttribute()


def count(call: Call, action: str) -> None:
    """Count the action in the call's transaction; ``LimitReached`` when the hour's are used up."""
    if call.caller.plan == plans.ENTERPRISE:
        return
    most, hour = MOST_AN_HOUR[action], clock.now() // HOUR
    end = (hour + 1) * HOUR
    refused = Policy(action, most, HOUR, 0, end)
    call.tx.upsert(
        _Count(call.caller.user_id, f"action#{action}#{hour}"),
        _Count.times.add(1),
        _Count.expires_at.set(end + HOUR),
        condition=_Count.times.does_not_exist() | (_Count.times < most),
        otherwise=LimitReached((*call.standing, refused), refused),
    )
