"""The lines of a service's log that tell who asked it for what."""

import re

from local.proxy.visits import MOST_LINES, Visits
from tests.local.conftest import WEB, Proxied, Supervised, until


def visit(visits: Visits, method: str, target: bytes, status: int = 200) -> None:
    with visits.noting("app", method, target) as one:
        one.status = status


def test_method_path_without_query_status_and_time() -> None:
    visits = Visits()
    visit(visits, "POST", "/a%0Ab/ü?token=secret".encode(), 404)
    (line,) = visits.take()["app"]
    assert re.fullmatch(r"POST /a%0Ab/\S+ 404 \d+ ms", line)
    assert line.isascii()
    assert visits.take() == {}


def test_who_leaves_early_is_noted() -> None:
    visits = Visits()
    with visits.noting("app", "GET", b"/"):
        pass
    assert visits.take()["app"][0].startswith("GET / 499 ")


def test_a_flood_is_counted() -> None:
    visits = Visits()
    for _ in range(MOST_LINES + 5):
        visit(visits, "GET", b"/")
    lines = visits.take()["app"]
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == "… 5 more"


def test_visits_come_into_the_services_log(supervised: Supervised, proxied: Proxied) -> None:
    release, _ = supervised.run(WEB)
    host = proxied.knows(supervised.host(release))
    proxied.get(host, "/seen?token=secret")
    log = until(lambda: _holding("==> GET /seen", supervised.log(release)))
    assert re.search(r"Z ==> GET /seen 200 \d+ ms\n", log)
    assert "==> GET /seen?" not in log


def _holding(text: str, log: str) -> str:
    return log if text in log else ""
