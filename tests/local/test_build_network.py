"""A build's network: nothing of this machine's and nothing private, but the package registries."""

import socket

import pytest

from chalicelib.engines.base import Stage
from local.supervisor import sandbox
from tests.local.conftest import BARE, WEB, Proxied, Supervised, supervision

pytestmark = pytest.mark.skipif(
    not sandbox.has_networks(), reason="sandboxes have no networks of their own on this machine"
)
WAYS = ("--noproxy '*'", '--noproxy "" -fx $http_proxy')


def test_a_build_reaches_nothing_of_this_machine(
    supervised: Supervised, proxied: Proxied, operators: int
) -> None:
    neighbour = proxied.get(proxied.serve(WEB), "/PORT").text
    mine = socket.gethostbyname(socket.gethostname())
    near = [f"127.0.0.1:{port}" for port in (operators, proxied.port, neighbour)]
    far = ("169.254.169.254", "10.0.0.1", f"{mine}:{operators}")
    asked = [
        f"curl -s -m 2 {option} http://{target}/ && echo reached"
        for target in (*near, *far)
        for option in WAYS
    ]
    build, progress = supervised.build(
        supervised.repository(BARE), build_command="\n".join([*asked, "echo not one of them"])
    )
    assert progress.stage is Stage.BUILT, progress.message
    log = supervised.engine.build_log(build.deployment_id)
    assert "Z not one of them" in log
    assert "Z reached" not in log
    assert "secret" not in log


def test_a_build_reaches_the_registries_that_are_configured(
    operators: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"http://localhost:{operators}/simple")
    with supervision() as supervised:
        url = supervised.repository(BARE)
        for option in WAYS:
            ask = f"curl -s {option} http://localhost:{operators}/simple/"
            build, _ = supervised.build(url, build_command=ask)
            assert "Z secret" in supervised.engine.build_log(build.deployment_id)
        release, _ = supervised.run(WEB, pre_deploy_command=f"{ask}; true")
        assert "Z secret" not in supervised.log(release)
