"""Pages of long lists: exact at every offset, and cheap in the middle."""

import random
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest

from chalicelib import ids
from chalicelib.errors import NotFound, ServiceUnavailable
from chalicelib.projects.store import Project
from chalicelib.store import counters, segments
from chalicelib.store.transaction import Transaction
from tests.client import Client
from tests.contract.world import tenant_of
from tests.prove import PROVE
from tests.units import Meter

TENANT = "live#wks_a"
MANY = (10_000, 256, 40) if PROVE else (1000, 64, 8)  # rows, in a segment, units at most


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SIZE", 8)
    monkeypatch.setattr(segments, "ONE_IN", 5)
    monkeypatch.setattr(segments, "SETTLED_MS", -1)


def project() -> Project:
    made = {"name": "p", "region": "us-east-1", "status": "active"}
    return Project.new(TENANT, ids.new("prj"), **made)


def make() -> Project:
    made = project()
    tx = Transaction()
    segments.add(tx, made)
    tx.commit()
    return made


def remove(found: Project) -> bool:
    tx = Transaction()
    segments.remove(tx, found, NotFound())
    try:
        tx.commit()
    except (NotFound, ServiceUnavailable):
        return False
    return True


def all_ids() -> list[str]:
    return [one.id for one in Project.query(Project.partition(TENANT), scan_index_forward=False)]


def check_every_page() -> None:
    present = all_ids()
    for offset in range(len(present) + 3):
        rows, total = segments.newest(Project, TENANT, offset, 5)
        assert total == len(present)
        assert [one.id for one in rows] == present[offset : offset + 5], offset


def check_sizes() -> None:
    found = counters.look(TENANT, "prj")
    present = [one.removeprefix("prj_") for one in reversed(all_ids())]
    begin = ""
    for end, size in zip(found.ends, found.sizes, strict=True):
        assert sum(begin <= one < end for one in present) == size
        begin = end


def test_every_page_is_right_after_any_changes() -> None:
    chance = random.Random(7)
    made: list[Project] = []
    for _ in range(160):
        made.append(make())
        if chance.random() < 0.3:
            assert remove(made.pop(chance.randrange(len(made))))
    assert len(counters.look(TENANT, "prj").ends) > 5
    check_sizes()
    check_every_page()
    for one in list(made):
        assert remove(one)
    check_every_page()


def test_nothing_there() -> None:
    assert segments.newest(Project, TENANT, 0, 5) == ([], 0)
    assert segments.newest(Project, TENANT, 50, 5) == ([], 0)


def test_what_may_still_come_is_not_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SETTLED_MS", 60_000)
    for _ in range(40):
        make()
    assert counters.look(TENANT, "prj").ends == []
    check_every_page()


def test_changes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [make() for _ in range(60)]
    last = made[-1].id  # what is made at the same time may come after what has a later id
    monkeypatch.setattr(segments, "_is_settled", lambda typeid: typeid <= last)

    def change(number: int) -> None:
        if number % 3 == 0:
            segments.extend(Project, TENANT)
        elif number % 3 == 1:
            make()
        else:
            remove(made[number // 3])

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(change, range(150)))
    check_sizes()
    check_every_page()


def test_a_row_removed_while_the_tail_is_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [make() for _ in range(3)]
    monkeypatch.setattr(segments, "ONE_IN", 10**9)
    made += [make() for _ in range(40)]
    look = counters.look

    def look_then_remove(tenant: str, name: str) -> counters.Counter:
        found = look(tenant, name)
        monkeypatch.setattr(counters, "look", look)
        assert remove(made[5])
        return found

    monkeypatch.setattr(counters, "look", look_then_remove)
    assert not segments.extend(Project, TENANT)
    check_sizes()
    segments.extend(Project, TENANT)
    check_sizes()
    check_every_page()


def test_the_tail_divided_while_a_row_is_removed() -> None:
    made = [make() for _ in range(3)]
    with patch.object(segments, "ONE_IN", 10**9):
        made += [make() for _ in range(40)]
    tx = Transaction()
    segments.remove(tx, made[5], NotFound())
    assert segments.extend(Project, TENANT)
    with pytest.raises(ServiceUnavailable):
        tx.commit()
    check_sizes()


def test_a_page_in_the_middle_of_many(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    many, size, units = MANY
    monkeypatch.setattr(segments, "SIZE", size)
    tenant = tenant_of(ada)
    made = {"region": "us-east-1", "status": "active", "framework": "nodejs"}
    with Project.batch_write() as batch:
        for number in range(many):
            batch.save(Project.new(tenant, ids.new("prj"), name=f"project {number}", **made))
    tx = Transaction()
    counters.add(tx, tenant, "prj", many)
    tx.commit()
    while segments.extend(Project, tenant):
        pass
    ada.get("/v1/projects")
    with Meter() as meter:
        page = ada.get(f"/v1/projects?page={many // 40 + 1}&limit=20").json()
    names = [one["name"] for one in page["data"]]
    assert names == [f"project {many // 2 - 1 - n}" for n in range(20)]
    assert page["pagination"]["total"] == many
    assert meter.reads <= units
