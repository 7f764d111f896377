"""The journal: what was answered is there after the process is gone, however it went."""

import json
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session

from chalicelib.settings import settings
from local import aws
from local.journal import Journal, UnreadableJournal
from tests.conftest import make_fresh

SESSION = get_session()
TABLE = "orbitra-local-accounts"
EVERYTHING = {
    "text": {"S": 'grüß "dich"\u2028\x00'},
    "number": {"N": "-1.2300E+10"},
    "long": {"N": "12345678901234567890123456789012345678"},
    "binary": {"B": b"\x00\xff\xfe"},
    "strings": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2.50"]},
    "binaries": {"BS": [b"\x00", b"base64"]},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
    "list": {"L": [{"B": b"\x01"}, {"L": []}, {"N": "1.0"}, {"BS": [b"\x02"]}]},
    "map": {"M": {"base64": {"S": "x"}, "B": {"B": b"\x03"}, "empty": {"M": {}}}},
}


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """AWS of this module's own; the other tests get theirs back, in memory."""
    aws.stop()
    yield
    aws.stop()
    make_fresh()
    settings.cache_clear()  # AWS came back with another key


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@contextmanager
def running(file: Path) -> Iterator[Any]:
    """AWS over the journal; gives a client of DynamoDB."""
    aws.start(Journal(file))
    try:
        yield client("dynamodb")
    finally:
        aws.stop()


def client(service: str) -> Any:
    return SESSION.create_client(service)


def key(name: str) -> dict[str, Any]:
    return {"pk": {"S": "tenant"}, "sk": {"S": name}}


def put(dynamodb: Any, name: str, **attributes: Any) -> None:
    dynamodb.put_item(TableName=TABLE, Item=key(name) | attributes)


def get(dynamodb: Any, name: str) -> Any:
    return dynamodb.get_item(TableName=TABLE, Key=key(name)).get("Item")


def names(dynamodb: Any) -> set[str]:
    return {item["sk"]["S"] for item in dynamodb.scan(TableName=TABLE)["Items"]}


def raw() -> dict[str, Any]:
    """What moto holds, as it holds it: its binaries are bytes here and text there."""
    from moto.dynamodb.models import dynamodb_backends

    tables = dynamodb_backends[aws.ACCOUNT]["us-east-1"].tables
    items = [item for in_hash in tables[TABLE].items.values() for item in in_hash.values()]
    return {item.attrs["sk"].value: _plain(item.attrs) for item in items}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return [(name, _plain(inner)) for name, inner in value.items()]
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return (value.type, _plain(value.value)) if hasattr(value, "type") else value


def test_every_type_survives_exactly(file: Path) -> None:
    with running(file) as dynamodb:
        put(dynamodb, "all", **EVERYTHING)
        before = raw()
    with running(file) as dynamodb:
        assert get(dynamodb, "all") == key("all") | EVERYTHING
        assert raw() == before


def test_updates_and_deletes(file: Path) -> None:
    with running(file) as dynamodb:
        for name in ("changed", "gone"):
            put(dynamodb, name, number={"N": "1"})
        for name in ("changed", "made"):
            dynamodb.update_item(
                TableName=TABLE,
                Key=key(name),
                UpdateExpression="SET listed = :l ADD #n :two",
                ExpressionAttributeNames={"#n": "number"},
                ExpressionAttributeValues={":two": {"N": "2"}, ":l": {"L": [{"B": b"\x00"}]}},
            )
        dynamodb.delete_item(TableName=TABLE, Key=key("gone"))
        before = raw()
    with running(file) as dynamodb:
        assert raw() == before
        assert names(dynamodb) == {"changed", "made"}
        assert get(dynamodb, "changed")["number"] == {"N": "3"}


def test_transactions_and_batches(file: Path) -> None:
    with running(file) as dynamodb:
        for name in ("old", "older", "checked"):
            put(dynamodb, name)
        made, gone = {"TableName": TABLE, "Item": key("new")}, {"Key": key("old")}
        there = {"ConditionExpression": "attribute_exists(pk)", "Key": key("checked")}
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": made},
                {"Delete": gone | {"TableName": TABLE}},
                {"ConditionCheck": there | {"TableName": TABLE}},
            ]
        )
        batch = [{"PutRequest": {"Item": key("newer")}}, {"DeleteRequest": {"Key": key("older")}}]
        dynamodb.batch_write_item(RequestItems={TABLE: batch})
    with running(file) as dynamodb:
        assert names(dynamodb) == {"new", "newer", "checked"}


def test_a_cancelled_transaction_leaves_nothing(file: Path) -> None:
    with running(file) as dynamodb:
        put(dynamodb, "there")
        absent = {"ConditionExpression": "attribute_not_exists(pk)", "Item": key("there")}
        items = [{"TableName": TABLE, "Item": key("new")}, absent | {"TableName": TABLE}]
        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            dynamodb.transact_write_items(TransactItems=[{"Put": item} for item in items])
        assert names(dynamodb) == {"there"}
    with running(file) as dynamodb:
        assert names(dynamodb) == {"there"}


def test_what_was_encrypted_opens_after_a_restart(file: Path) -> None:
    with running(file):
        encrypted = client("kms").encrypt(KeyId="alias/orbitra-local-secrets", Plaintext=b"secret")
    for _ in range(2):
        with running(file):
            opened = client("kms").decrypt(CiphertextBlob=encrypted["CiphertextBlob"])
            described = client("kms").describe_key(KeyId="alias/orbitra-local-secrets")
        assert opened["Plaintext"] == b"secret"
        assert opened["KeyId"] == described["KeyMetadata"]["Arn"] == encrypted["KeyId"]


@pytest.fixture
def full(file: Path) -> Iterator[Any]:
    """A client of DynamoDB whose journal's disk has no room left."""
    journal = Journal(file)
    aws.start(journal)
    dynamodb = client("dynamodb")
    dynamodb.meta.events.register("needs-retry", lambda **_: None)
    put(dynamodb, "there", number={"N": "1"})
    journal._db.execute("PRAGMA max_page_count = 1")
    yield dynamodb
    aws.stop()


def test_a_write_that_cannot_be_kept_is_refused_and_undone(file: Path, full: Any) -> None:
    before, large = raw(), {"S": "x" * 30_000}
    transaction = [
        {"Delete": {"TableName": TABLE, "Key": key("there")}},
        {"Put": {"TableName": TABLE, "Item": key("new") | {"large": large}}},
    ]
    changing = {
        "UpdateExpression": "SET #n = :l",
        "ExpressionAttributeNames": {"#n": "number"},
        "ExpressionAttributeValues": {":l": large},
    }
    for write in (
        lambda: put(full, "new", large=large),
        lambda: full.update_item(TableName=TABLE, Key=key("there"), **changing),
        lambda: full.transact_write_items(TransactItems=transaction),
    ):
        with pytest.raises(ClientError) as refused:
            write()
        assert refused.value.response["Error"]["Code"] == "InternalServerError"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert raw() == before
    aws.stop()
    with running(file):
        assert raw() == before


@pytest.mark.parametrize("lost", [1, 100, 5000])
def test_a_journal_that_was_cut_off_opens(file: Path, tmp_path: Path, lost: int) -> None:
    cut = tmp_path / "cut.sqlite"
    with running(file) as dynamodb:
        for number in range(20):
            put(dynamodb, f"{number:02}", text={"S": "x" * 500})
        shutil.copy(file, cut)
        log = Path(f"{file}-wal").read_bytes()
        Path(f"{cut}-wal").write_bytes(log[:-lost] + bytes([7] * (lost // 2)))
    with running(cut) as dynamodb:
        found = sorted(names(dynamodb))
        assert found == [f"{number:02}" for number in range(len(found))]
        assert 10 < len(found) < 20
        put(dynamodb, "after")


@pytest.mark.parametrize("version", [2, 99])
def test_another_version_is_refused(file: Path, version: int) -> None:
    with sqlite3.connect(file) as other:
        other.execute(f"PRAGMA user_version = {version}")
    other.close()
    with pytest.raises(UnreadableJournal, match=f"version {version}.*make clean-local"):
        Journal(file)


def test_another_file_is_refused(file: Path) -> None:
    file.write_bytes(b"no database " * 1000)
    with pytest.raises(UnreadableJournal, match=r"not a database.*make clean-local"):
        Journal(file)


def test_two_processes_cannot_have_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.journal.WAIT_SECONDS", 0)
    first = Journal(file)
    with pytest.raises(UnreadableJournal, match="locked"):
        Journal(file)
    first.close()
    Journal(file).close()


def test_only_its_owner_can_read_it(file: Path) -> None:
    with running(file):
        for one in file.parent.iterdir():
            assert stat.S_IMODE(one.stat().st_mode) == 0o600


def test_expired_items_are_dropped_after_a_day(file: Path) -> None:
    now = int(time.time())
    with running(file) as dynamodb:
        put(dynamodb, "kept")
        put(dynamodb, "later", expires_at={"N": str(now + 60)})
        put(dynamodb, "just now", expires_at={"N": str(now - 60)})
        put(dynamodb, "long ago", expires_at={"N": str(now - 90_000)})
    with running(file) as dynamodb:
        assert names(dynamodb) == {"kept", "later", "just now"}


def test_threads_lose_nothing(file: Path) -> None:
    def add(number: int) -> None:
        put(dynamodb, str(number % 50), number={"N": str(number)})

    with running(file) as dynamodb, ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(200)))
        before = raw()
    with running(file):
        assert raw() == before


def test_the_file_does_not_grow_with_writes(file: Path) -> None:
    with running(file) as dynamodb:
        for number in range(300):
            put(dynamodb, "same", text={"S": f"{number}" * 1000})
    assert file.stat().st_size < 100_000
    assert json.loads(next(Journal(file).items())[1])["text"]["S"].startswith("299")
