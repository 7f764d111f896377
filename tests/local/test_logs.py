"""Logs of bounded size."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from local.supervisor.logs import LONGEST_LINE, Lines, Log, read, read_tail

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


def test_every_line_begins_with_its_time(tmp_path: Path) -> None:
    log = Log(tmp_path / "a.log", 1000, turns=True)
    with time_machine.travel(NOON, tick=False):
        log.write(b"one\ntwo\n")
        log.say("ours\ntoo")
    stamp = "2026-01-02T12:00:00Z"
    assert read(log.path).splitlines() == [
        f"{stamp} {text}" for text in ("one", "two", "==> ours", "==> too")
    ]


def test_tail_and_since(tmp_path: Path) -> None:
    log = Log(tmp_path / "a.log", 100_000, turns=True)
    for minute in range(3):
        with time_machine.travel(NOON.replace(minute=minute), tick=False):
            log.write(b"a%d\nb%d\n" % (minute, minute))
    since = int(NOON.replace(minute=1).timestamp())
    assert re.findall(r" (\w\d)\n", read_tail(log.path, 100, since)) == ["a1", "b1", "a2", "b2"]
    assert re.findall(r" (\w\d)\n", read_tail(log.path, 3, since)) == ["b1", "a2", "b2"]
    assert read_tail(log.path, 0, None) == ""
    assert read_tail(tmp_path / "none.log", 10, None) == ""


def test_a_service_log_turns_over(tmp_path: Path) -> None:
    log = Log(tmp_path / "a.log", 1000, turns=True)
    for number in range(200):
        log.write(b"line %d\n" % number)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 2200
    assert read_tail(log.path, 40, None).splitlines()[-1].endswith("line 199")
    assert len(read_tail(log.path, 40, None).splitlines()) == 40


def test_a_build_log_is_cut_and_says_so(tmp_path: Path) -> None:
    log = Log(tmp_path / "a.log", 1000, turns=False)
    taken = [log.write(b"x" * 50 + b"\n") for _ in range(100)]
    log.say("Failed: this is still told")
    lines = read(log.path).splitlines()
    assert "cut here" in lines[-2]
    assert "still told" in lines[-1]
    assert log.path.stat().st_size < 1300
    assert taken[0]
    assert not taken[-1]


def test_a_flood_is_left_out_and_said_once(tmp_path: Path) -> None:
    log = Log(tmp_path / "a.log", 50_000_000, turns=True)
    with time_machine.travel(NOON, tick=False):
        assert [log.write(b"y" * 500_000 + b"\n") for _ in range(4)] == [True, True, False, False]
    with time_machine.travel(NOON.replace(second=1), tick=False):
        assert log.write(b"calm\n")
    said = [line for line in read(log.path).splitlines() if "left out" in line]
    assert len(said) == 1
    assert read(log.path).endswith("calm\n")


def test_a_full_disk_harms_nobody(tmp_path: Path) -> None:
    Log(tmp_path / "gone" / "a.log", 1000, turns=True).write(b"x\n")


@pytest.mark.parametrize(
    ("chunks", "whole"),
    [
        ([b"a\nb", b"c\n"], [b"a\n", b"bc\n"]),
        ([b"a", b"b"], [b"", b"", b"ab\n"]),
        ([b"x" * (LONGEST_LINE + 1), b"y\n"], [b"x" * (LONGEST_LINE + 1) + b"\n", b"y\n"]),
    ],
)
def test_lines(chunks: list[bytes], whole: list[bytes]) -> None:
    lines = Lines()
    found = [lines.feed(chunk) for chunk in chunks]
    assert [*found, *([rest] if (rest := lines.end()) else [])] == whole
