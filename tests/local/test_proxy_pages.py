"""What the proxy says when no app answers."""

import pytest

from tests.local.conftest import WEB, Proxied, Supervised, until


def test_an_unknown_host(proxied: Proxied) -> None:
    answer = proxied.get("no<b>body")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "no&lt;b&gt;body.localhost" in answer.text
    assert "prefers-color-scheme: dark" in answer.text
    assert proxied.client.get("/").status_code == 404


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("text/html;q=0.5, application/json", "application/json"),
        ("text/html,application/json;q=0.9", "text/html"),
        ("*/*", "text/html"),
    ],
)
def test_an_error_as_it_is_wanted(proxied: Proxied, accept: str, kind: str) -> None:
    answer = proxied.get("nobody", Accept=accept)
    assert answer.headers["content-type"].split(";")[0] == kind
    if kind == "application/json":
        assert answer.json()["error"] == "There is no app here"


def test_a_stopped_service(supervised: Supervised, proxied: Proxied) -> None:
    release, _ = supervised.run(WEB)
    host = proxied.knows(supervised.host(release))
    supervised.engine.retire(release.service_id, None)
    until(lambda: proxied.get(host).status_code == 503)
    assert f"{host} is stopped" in proxied.get(host).text


def test_an_app_that_refuses_the_connection(supervised: Supervised, proxied: Proxied) -> None:
    # It listens just long enough to be taken for healthy.
    source = "import os, socket, time\ns = socket.create_server(('', int(os.environ['PORT'])))\n"
    source += "s.accept(); time.sleep(1); s.close(); time.sleep(60)"
    host = proxied.serve({"app.py": source})
    until(lambda: proxied.get(host).status_code == 502)
    assert "does not answer" in proxied.get(host).text
