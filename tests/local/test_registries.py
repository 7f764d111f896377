"""Which registries builds reach: the public ones, and those of the operator's settings."""

from pathlib import Path

from local.supervisor.registries import registries

PIP = """[global]
proxy = http://10.0.0.9:3128
index-url = https://me:p%40ss@pip.internal/simple
extra-index-url =
    http://more.internal:8081/simple
    file:///wheels
"""
NPM = """registry=https://npm.internal:8443/
https-proxy=http://10.0.0.9:3128
@mine:registry=http://localhost:4873
"""
GIVEN = {
    "GOPROXY": "https://go.internal,direct",
    "npm_config_proxy": "http://10.0.0.9:3128",
    "PIP_PROXY": "http://10.0.0.9:3128",
    "UV_INDEX": "mine=https://UV.internal/simple http://[fd00::1]:81/ http://[broken http://x:y/",
}


def test_registries(tmp_path: Path) -> None:
    public = registries({})
    (tmp_path / "pip").write_text(PIP)
    (tmp_path / "npm").write_text(NPM)
    files = {"PIP_CONFIG_FILE": f"{tmp_path}/pip", "npm_config_userconfig": f"{tmp_path}/npm"}
    assert ("registry.npmjs.org", 443) in public
    assert registries({**GIVEN, **files}) - public == {
        ("pip.internal", 443),
        ("more.internal", 8081),
        ("npm.internal", 8443),
        ("localhost", 4873),
        ("go.internal", 443),
        ("uv.internal", 443),
        ("fd00::1", 81),
    }


def test_settings_that_cannot_be_read(tmp_path: Path) -> None:
    assert registries({"PIP_CONFIG_FILE": str(tmp_path)}) == registries({})
