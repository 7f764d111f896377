"""Settings are typed, and a wrong one stops the start."""

import pytest
from pydantic import ValidationError

from chalicelib.settings import Settings, settings


@pytest.mark.parametrize(
    "wrong", [{"apps_url": "http://localhost"}, {"regions": []}, {"allow_loopback": "perhaps"}]
)
def test_a_wrong_setting_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Settings.model_validate(wrong)


def test_apps_may_have_no_domain() -> None:
    assert Settings.model_validate({"apps_url": ""}).apps_url == ""


def test_lists_are_separated_by_commas() -> None:
    assert Settings.model_validate({"regions": "a, b"}).regions == ["a", "b"]


def test_the_process_reads_them_once() -> None:
    assert settings() is settings()
    assert settings().git_schemes == ["https", "http", "git", "file"]
