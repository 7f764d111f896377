"""The mailbox of the local run: mail in by SMTP, out by HTTP."""

import os
import smtplib
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from chalice.app import Chalice

from local import __main__ as launcher
from local.gateway import Gateway
from local.http_server import HttpServer
from local.mailbox import mails, pages
from local.mailbox.mails import Mails
from local.mailbox.server import MailServer
from tests.local.test_run import free_port


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Mails]:
    made = Mails(tmp_path / "mailbox.sqlite")
    yield made
    made.close()


@pytest.fixture
def smtp(kept: Mails) -> Iterator[int]:
    server = MailServer(kept, 0)
    port = urlsplit(server.start()).port
    assert port
    yield port
    server.stop()


@pytest.fixture
def browser(kept: Mails) -> Iterator[httpx.Client]:
    server = HttpServer(Gateway(Chalice("app")), "127.0.0.1", 0, pages.routes(kept))
    with httpx.Client(base_url=f"http://127.0.0.1:{server.start()}", trust_env=False) as client:
        yield client
    server.stop()


def mail(subject: str = "Hello", text: str = "Text\n", html: str = "") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "a@example.com", "b@example.com", subject
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    return made


def send(port: int, *messages: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        for message in messages:
            client.send_message(message)


def test_a_mail(smtp: int, browser: httpx.Client) -> None:
    send(smtp, mail("Grüße", "See http://localhost:8000/x#token=a.b-c\n", "<p>Hällo</p>"))
    (found,) = browser.get("/mailbox.json").json()["mails"]
    assert (found["subject"], found["recipients"]) == ("Grüße", ["b@example.com"])
    assert found["text"] == "See http://localhost:8000/x#token=a.b-c\n"
    assert "Grüße" in browser.get("/mailbox").text
    shown = browser.get(f"/mailbox/{found['id']}")
    assert 'href="http://localhost:8000/x#token=a.b-c"' in shown.text
    assert 'sandbox=""' in shown.text
    assert "&lt;p&gt;Hällo&lt;/p&gt;" in shown.text


def test_nothing_in_a_mail_becomes_part_of_the_page(smtp: int, browser: httpx.Client) -> None:
    bad = '"><script>alert(1)</script>'
    send(smtp, mail(bad, f"{bad} http://x.com/{bad}", f"<p>{bad}</p>"))
    for path in ("/mailbox", "/mailbox/1"):
        answer = browser.get(path)
        assert "<script" not in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_newest_first_and_only_so_many(
    smtp: int, browser: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(smtp, *(mail(str(number)) for number in range(mails.KEPT + 5)))
    subjects = [one["subject"] for one in browser.get("/mailbox.json").json()["mails"]]
    assert subjects == [str(number) for number in range(mails.KEPT + 4, 4, -1)]
    assert browser.get("/mailbox/1").status_code == 404
    assert browser.get("/mailbox/505").status_code == 200


def test_mails_survive_a_kill(kept: Mails, tmp_path: Path) -> None:
    kept.take("a@example.com", ["b@example.com"], b"Subject: Hello\r\n\r\nText")
    again = Mails(tmp_path / "mailbox.sqlite")
    assert again.newest_first() == kept.newest_first()
    again.take("a@example.com", [], b"")
    assert [one.id for one in again.newest_first()] == [2, 1]
    assert stat.S_IMODE((tmp_path / "mailbox.sqlite").stat().st_mode) == 0o600
    again.close()


def test_many_at_once(smtp: int, kept: Mails) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: send(smtp, mail(str(number))), range(40)))
    found = kept.newest_first()
    assert {one.subject for one in found} == {str(number) for number in range(40)}
    assert len({one.id for one in found}) == 40


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe nonsense",
        b"Subject: x\r\nContent-Type: text/plain; charset=nothing\r\n\r\n\xe9",
        b"Subject: =?utf-8?b?////?=\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x",
    ],
)
def test_strange_mail(kept: Mails, browser: httpx.Client, content: bytes) -> None:
    kept.take("", [], content)
    assert browser.get("/mailbox").status_code == 200
    assert browser.get("/mailbox/1").status_code == 200


def test_a_large_mail_is_refused(smtp: int, kept: Mails) -> None:
    with pytest.raises((smtplib.SMTPResponseException, smtplib.SMTPServerDisconnected)):
        send(smtp, mail(text="x" * 7 * 1024 * 1024))
    assert kept.newest_first() == []


@pytest.mark.parametrize("path", ["/mailbox", "/mailbox/1", "/mailbox.json"])
def test_other_names_are_not_answered(smtp: int, browser: httpx.Client, path: str) -> None:
    """A site whose name points at this machine reads nothing."""
    send(smtp, mail("secret"))
    assert browser.get(path, headers={"Host": "evil.example:8000"}).status_code == 403
    for host in ("localhost:8000", "127.0.0.1", "[::1]:8000"):
        answer = browser.get(path, headers={"Host": host})
        assert answer.status_code == 200
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/mailbox/0", "/mailbox/99", "/mailbox/x", "/mailboxes"])
def test_what_is_not_there(browser: httpx.Client, path: str) -> None:
    assert browser.get(path).status_code in {403, 404}


def test_a_taken_port_that_the_user_named_is_said(smtp: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local"],
        env={
            **os.environ,
            "PORT": str(free_port()),
            "PROXY_PORT": str(free_port()),
            "MAIL_PORT": str(smtp),
            "ORBITRA_STATE": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"Port {smtp} is taken by another program; choose another: MAIL_PORT=" in done.stderr


def test_a_taken_port_that_nobody_named_is_left_alone(
    smtp: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAIL_PORT", raising=False)
    monkeypatch.setattr(launcher, "MAIL_PORT", smtp)
    assert launcher._mail_port() == 0
    free = free_port()
    monkeypatch.setattr(launcher, "MAIL_PORT", free)
    assert launcher._mail_port() == free


def test_a_taken_port(smtp: int) -> None:
    with pytest.raises(OSError, match="address already in use"):
        MailServer(Mails(), smtp).start()
