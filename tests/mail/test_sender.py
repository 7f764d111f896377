"""Mail over SMTP, to real servers, and by SES; what may stand in it, and what when it fails."""

import datetime
import ssl
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr, ValidationError

from chalicelib.jobs import Job
from chalicelib.mail import sender, service
from chalicelib.mail.service import Message
from chalicelib.settings import Settings, settings
from chalicelib.store.transaction import Transaction
from local.mailbox.mails import Mails
from tests.client import Client, Queue
from tests.local.test_run import free_port
from tests.mail import outbox

MESSAGE = Message("ada@example.com", "Grüße", "Hällo\n" + "x" * 2000 + "\n", "<p>Hällo</p>")


class Inbox:
    def __init__(self) -> None:
        self.mails = Mails()
        self.secured: list[bool] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.take(envelope.mail_from, envelope.rcpt_tos, envelope.original_content)
        self.secured.append(session.ssl is not None)
        return "250 OK"

    def authenticate(self, _: Any, __: Any, ___: Any, ____: Any, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss/word")


Serve = Callable[..., str]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def serve(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts an SMTP server and lets the platform send to it."""
    running: list[Controller] = []

    def start(scheme: str = "smtp", login: str = "", **options: Any) -> str:
        server = Controller(inbox, hostname="127.0.0.1", port=free_port(), **options)
        server.start()
        running.append(server)
        url = f"{scheme}://{login}127.0.0.1:{server.port}"
        use(monkeypatch, smtp_url=SecretStr(url))
        return url

    yield start
    for server in running:
        server.stop()


def use(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    changed = settings().model_copy(update=changes)
    monkeypatch.setattr(sender, "settings", lambda: changed)


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate of 127.0.0.1 that our side trusts."""
    place = tmp_path / "server.pem"
    place.write_bytes(make_certificate())
    monkeypatch.setenv("SSL_CERT_FILE", str(place))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place)
    return context


def make_certificate() -> bytes:
    from ipaddress import ip_address

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + made.public_bytes(serialization.Encoding.PEM)


def test_smtp(inbox: Inbox, serve: Serve) -> None:
    serve()
    sender.send(MESSAGE, "job_1")
    (mail,) = inbox.mails.newest_first()
    assert (mail.sender, mail.recipients) == ("no-reply@localhost", ["ada@example.com"])
    assert (mail.subject, mail.text) == ("Grüße", MESSAGE.text)
    assert mail.html.strip() == "<p>Hällo</p>"
    assert inbox.secured == [False]


def test_starttls_where_it_is_offered(
    inbox: Inbox, serve: Serve, certificate: ssl.SSLContext
) -> None:
    serve(tls_context=certificate, require_starttls=True)
    sender.send(MESSAGE, "job_1")
    assert inbox.secured == [True]


def test_tls_from_the_start(inbox: Inbox, serve: Serve, certificate: ssl.SSLContext) -> None:
    serve("smtps", ssl_context=certificate)
    sender.send(MESSAGE, "job_1")
    assert len(inbox.mails.newest_first()) == 1


def test_a_certificate_that_nobody_trusts(
    inbox: Inbox, serve: Serve, certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    serve(tls_context=certificate)
    with pytest.raises(ssl.SSLError):
        sender.send(MESSAGE, "job_1")
    assert inbox.mails.newest_first() == []


def test_signing_in(inbox: Inbox, serve: Serve, certificate: ssl.SSLContext) -> None:
    serve(
        login="me%40example.com:p%40ss%2Fword@",
        tls_context=certificate,
        authenticator=inbox.authenticate,
        auth_required=True,
    )
    sender.send(MESSAGE, "job_1")
    assert inbox.logins == [(b"me@example.com", b"p@ss/word")]
    assert len(inbox.mails.newest_first()) == 1


def test_no_password_in_the_clear(
    inbox: Inbox, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(login="me:p@", authenticator=inbox.authenticate, auth_require_tls=False)
    monkeypatch.setattr(sender, "LOOPBACK", set())
    with pytest.raises(ConnectionRefusedError, match="no TLS"):
        sender.send(MESSAGE, "job_1")
    assert inbox.logins == []


@pytest.mark.parametrize(
    "to",
    [
        "ada@example.com, eve@example.com",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com\n",
        "Ada <ada@example.com>",
        "",
    ],
)
def test_one_recipient_only(to: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        sender.as_mime(Message(to, "s", "t", "h"), "job_1")


@pytest.mark.parametrize("cut", ["\r\n", "\n", "\r", "\x00", "\u2028", "\x85"])
def test_a_subject_begins_no_header(cut: str) -> None:
    subject = f"Hello{cut}Bcc: eve@example.com{cut}{cut}<b>"
    mime = sender.as_mime(Message("ada@example.com", subject, "t", "h"), "job_1")
    assert mime["Bcc"] is None
    assert "\nBcc" not in mime.as_string()
    assert set(mime.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
        "Content-Type",
    }  # fmt: skip


def test_ses(monkeypatch: pytest.MonkeyPatch) -> None:
    sender.send(MESSAGE, "job_1")
    (mail,) = outbox.sent()
    assert (mail.to, mail.subject, mail.text) == ("ada@example.com", "Grüße", MESSAGE.text)
    assert mail.mime["From"] == "Orbitra <no-reply@localhost>"
    assert mail.mime["Message-ID"] == "<job_1@localhost>"
    assert mail.raw.isascii()


def test_ses_refuses_a_sender_that_is_not_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, mail_from="Eve <eve@elsewhere.example>")
    with pytest.raises(Exception, match="authority"):
        sender.send(MESSAGE, "job_1")


@pytest.fixture
def purpose() -> Iterator[list[Message | None]]:
    """A purpose whose message each test gives."""
    given: list[Message | None] = []

    def write(tenant: str, payload: Any) -> Message | None:
        assert payload["thing_id"] == "thg_1"
        return given[0]

    service.writes("test")(write)
    yield given
    del service._WRITERS["test"]


def later(tenant: str = "live#wks_1") -> None:
    tx = Transaction()
    service.send_later(tx, tenant, "test", {"thing_id": "thg_1"})
    tx.commit()


def test_a_purpose_of_another_feature(purpose: list[Message | None], queue: Queue) -> None:
    purpose.append(MESSAGE)
    later()
    queue.run_to_the_end(copies=2)
    assert [mail.subject for mail in outbox.sent()] == ["Grüße"]


def test_nothing_to_say(purpose: list[Message | None], queue: Queue) -> None:
    purpose.append(None)
    later()
    queue.run_to_the_end()
    assert outbox.sent() == []
    assert queue.dead() == []


def test_nothing_leaves_the_sandbox(purpose: list[Message | None], queue: Queue) -> None:
    purpose.append(MESSAGE)
    later("test#wks_1")
    queue.run_to_the_end()
    assert outbox.sent() == []


def test_a_mail_that_could_not_be_sent_is_tried_again(
    ada: Client, queue: Queue, serve: Serve, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        use(broken, smtp_url=SecretStr(f"smtp://127.0.0.1:{free_port()}"))
        queue.run_once()
    (job,) = Job.scan(Job.kind == "mail.send")
    assert (job.failures, job.error) == (1, "ConnectionRefusedError")
    serve()
    queue_again(queue, job.id)
    assert [mail.subject for mail in inbox.mails.newest_first()] == ["Verify your e-mail address"]


def queue_again(queue: Queue, job_id: str) -> None:
    Job.key(job_id).update(actions=[Job.run_at.set(0)])
    queue.deliver({"messageId": "again", "body": f'{{"job_id": "{job_id}"}}'})


def test_a_silent_server_does_not_hold_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(sender, "SMTP_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use(monkeypatch, smtp_url=SecretStr(f"smtp://127.0.0.1:{silent.getsockname()[1]}"))
        worker = threading.Thread(target=_fails)
        worker.start()
        worker.join(5)
        assert not worker.is_alive()


def _fails() -> None:
    with pytest.raises(OSError, match="timed out"):
        sender.send(MESSAGE, "job_1")


@pytest.mark.parametrize(
    "wrong",
    [
        {"smtp_url": "http://user:geheim@127.0.0.1"},
        {"mail_from": "nobody"},
        {"mail_from": "A <a@example.com>\r\nBcc: b@example.com"},
        {"attempt_limits": '{"login_per_account": 0}'},
        {"attempt_limits": '{"logins": 3}'},
    ],
)
def test_wrong_settings_stop_the_start_and_tell_no_secret(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))) as raised:
        Settings.model_validate(wrong)
    assert "geheim" not in str(raised.value)


def test_the_password_of_the_mail_server_is_not_shown() -> None:
    read = Settings.model_validate({"smtp_url": "smtps://user:geheim@mail.example.com"})
    assert "geheim" not in repr(read)


def test_a_mail_is_well_formed() -> None:
    mime = sender.as_mime(MESSAGE, "job_1")
    assert isinstance(mime, EmailMessage)
    assert mime.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mime.iter_parts()] == ["text/plain", "text/html"]
    assert mime["Auto-Submitted"] == "auto-generated"
    assert max(map(len, mime.as_bytes().splitlines())) <= 998
