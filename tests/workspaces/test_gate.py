"""The gate: who is let in, and exactly how often."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from time_machine import Traveller

from chalicelib.errors import Unauthorized
from chalicelib.http.limits import LimitReached
from chalicelib.store import wire
from chalicelib.store.transaction import Transaction
from chalicelib.workspaces import gate, plans, service, store
from chalicelib.workspaces.gate import Gate, enter
from chalicelib.workspaces.gate_state import Badge

TENANT = "live#wks_a"
OTHER = "live#wks_b"
KEY = Badge("k1234567", "usr_a", is_key=True)
OTHER_KEY = Badge("k7654321", "usr_a", is_key=True)
SESSION = Badge("ses_1", "usr_a", is_key=False)
START = 1_800_000_000  # the beginning of an hour and of ten minutes


@pytest.fixture(autouse=True)
def _made(clock: Traveller) -> None:
    clock.move_to(START, tick=False)
    for tenant in (TENANT, OTHER):
        tx = Transaction()
        made = store.Workspace(
            tenant, "workspace", name="a", owner_id="usr_a", created_at=1, updated_at=1
        )
        store.create(tx, made, plans.FREE)
        tx.commit()
        for key in (KEY, OTHER_KEY):
            let_in(tenant, key)


def let_in(tenant: str, key: Badge) -> None:
    tx = Transaction()
    service.change_keys(tx, tenant, into=[key.credential])
    tx.commit()


def allow(**limits: int) -> None:
    """Give the workspace limits of its own: smaller ones are as exact, and sooner reached."""
    tx = Transaction()
    service.set_limits(tx, TENANT, dict(limits))
    tx.commit()


def passes(badge: Badge = KEY, tenant: str = TENANT) -> bool:
    try:
        enter(tenant, badge)
    except LimitReached:
        return False
    return True


def remaining(badge: Badge) -> list[int]:
    return [one.remaining for one in enter(TENANT, badge).standing]


def test_counts() -> None:
    assert remaining(KEY) == [999, 599, 119]
    assert remaining(KEY) == [998, 598, 118]
    assert remaining(SESSION) == [997, 597, 119]


def test_one_round_trip_once_known() -> None:
    enter(TENANT, KEY)
    wire.calls.set(0)
    for _ in range(5):
        enter(TENANT, KEY)
    assert wire.calls.get() == 5


@pytest.mark.parametrize("badge", [KEY, SESSION])
def test_of_150_at_once_exactly_120_pass(badge: Badge) -> None:
    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(lambda _: passes(badge), range(150))) == 120
    assert passes(OTHER_KEY)
    assert passes(badge, OTHER)
    assert gate.look(TENANT).number("hour_count") == 121


def test_a_refusal_is_remembered(clock: Traveller) -> None:
    for _ in range(120):
        enter(TENANT, KEY)
    assert not passes()
    wire.calls.set(0)
    clock.shift(59)
    assert not passes()
    assert wire.calls.get() == 0
    clock.shift(2)
    assert passes()


def test_a_rolling_minute(clock: Traveller) -> None:
    allow(minute=24)
    allowed: list[tuple[int, int]] = []
    with ThreadPoolExecutor(8) as pool:
        for step in range(0, 300, 7):
            clock.move_to(START + step, tick=False)
            passed = sum(pool.map(lambda _: passes(), range(6)))
            inside = sum(count for at, count in allowed if at > step - 60)
            assert passed == min(6, 24 - inside), step
            allowed.append((step, passed))


def test_the_ten_minutes_and_the_hour(clock: Traveller) -> None:
    allow(hour=100, ten_minutes=18)
    passed = 0
    for second in range(0, 3600, 25):
        clock.move_to(START + second, tick=False)
        passed += passes(KEY if second % 2 else OTHER_KEY)
        if second == 575:
            assert passed == 18
    assert passed == 100
    with pytest.raises(LimitReached) as raised:
        enter(TENANT, KEY)
    assert raised.value.refused.name == "hour"
    assert raised.value.refused.reset == START + 3600
    clock.move_to(START + 3600)
    assert remaining(KEY) == [99, 17, 119]


def test_of_many_at_once_exactly_so_many_pass_in_ten_minutes(clock: Traveller) -> None:
    allow(ten_minutes=60)
    keys = [Badge(f"key{number}", "usr_a", is_key=True) for number in range(7)]
    for key in keys:
        let_in(TENANT, key)
    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(lambda number: passes(keys[number % 7]), range(90))) == 60


def test_windows_turn_once_however_many_turn_them(clock: Traveller) -> None:
    enter(TENANT, KEY)
    clock.move_to(START + 3600)
    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(lambda _: passes(), range(40)))
    assert remaining(KEY) == [959, 559, 79]


def test_two_processes_count_together() -> None:
    for number in range(120):
        if number % 2:
            gate.forget()
        enter(TENANT, KEY)
    assert not passes()


def test_whoever_is_unknown(clock: Traveller) -> None:
    strangers = [
        Badge("k0000000", "usr_a", is_key=True),
        Badge(KEY.credential, "usr_b", is_key=True),
        Badge("ses_1", "usr_b", is_key=False),
    ]
    for badge in strangers:
        with pytest.raises(Unauthorized):
            enter(TENANT, badge)
    with pytest.raises(Unauthorized):
        enter("live#wks_unknown", SESSION)
    assert gate.look(TENANT).number("hour_count") == 0


def test_what_ends_ends_at_once() -> None:
    enter(TENANT, KEY)
    enter(TENANT, SESSION)
    tx = Transaction()
    service.change_keys(tx, TENANT, out=[KEY.credential])
    service.end_sessions(tx, "usr_b", ["ses_1"])
    tx.commit()
    enter(TENANT, SESSION)
    tx = Transaction()
    service.end_sessions(tx, "usr_a", ["ses_1"])
    tx.commit()
    for badge in (KEY, SESSION):
        with pytest.raises(Unauthorized):
            enter(TENANT, badge)


def test_a_revoked_key_stays_out_when_the_windows_turn(clock: Traveller) -> None:
    """The turn writes the rings anew, from what this process saw before the key went."""
    enter(TENANT, OTHER_KEY)
    seen = gate._remembered[TENANT]
    tx = Transaction()
    service.change_keys(tx, TENANT, out=[KEY.credential])
    tx.commit()
    gate._remembered[TENANT] = seen
    clock.move_to(START + 600)
    enter(TENANT, OTHER_KEY)
    with pytest.raises(Unauthorized):
        enter(TENANT, KEY)


def set_gate(**attributes: object) -> None:
    actions = [getattr(Gate, name).set(value) for name, value in attributes.items()]
    Gate.of(TENANT).update([*actions, Gate.version.add(1)])


def test_a_changed_plan_applies_at_once() -> None:
    enter(TENANT, KEY)
    set_gate(plan="professional")
    assert remaining(KEY) == [9_998, 2_998, 598]
    set_gate(plan="enterprise")
    assert [one.limit for one in enter(TENANT, KEY).standing] == [None, None, None]
    set_gate(plan="free")
    assert remaining(KEY) == [996, 596, 117]


def test_the_operators_own_figures() -> None:
    set_gate(limits={"minute": 3, "hour": None})
    assert [passes() for _ in range(5)] == [True] * 3 + [False] * 2
    set_gate(limits={"minute": 2})
    assert [one.limit for one in enter(TENANT, OTHER_KEY).standing] == [1000, 600, 2]


def test_a_smaller_limit_than_the_ring_holds(clock: Traveller) -> None:
    for _ in range(50):
        enter(TENANT, KEY)
    set_gate(limits={"minute": 10})
    clock.shift(61)
    assert sum(passes() for _ in range(20)) == 10


def test_rings_stay_short(clock: Traveller) -> None:
    for _ in range(100):
        enter(TENANT, KEY)
    clock.shift(61)
    for _ in range(60):
        enter(TENANT, KEY)
    ring = gate.look(TENANT).ring(KEY.credential)
    assert ring is not None
    assert len(ring) < 101
    for number in range(50):
        enter(TENANT, Badge(f"ses_{number}", "usr_a", is_key=False))
    clock.shift(1200)
    enter(TENANT, KEY)
    assert {name for name, _ in gate.look(TENANT).rings()} == {"k1234567", "k7654321"}


def test_two_first_calls_at_once_are_both_in_the_ring() -> None:
    enter(TENANT, OTHER_KEY)
    seen = dict(gate._remembered)
    enter(TENANT, SESSION)
    gate._remembered.update(seen)  # as another process still sees it
    enter(TENANT, SESSION)
    ring = gate.look(TENANT).ring(SESSION.credential)
    assert ring is not None
    assert len(ring) == 2


def test_a_call_counted_while_a_ring_is_cut_stays_counted(clock: Traveller) -> None:
    for _ in range(50):
        enter(TENANT, KEY)
    set_gate(limits={"minute": 10})
    clock.shift(61)
    enter(TENANT, OTHER_KEY)
    seen = dict(gate._remembered)
    before = enter(TENANT, OTHER_KEY).standing[1].remaining
    gate._remembered.update(seen)
    assert enter(TENANT, KEY).standing[1].remaining == before - 1
