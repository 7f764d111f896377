"""The journal: what the local AWS holds, in one SQLite file that survives a kill of the process.

It keeps images, not operations: each item as it is after its last write. So reading it back is
exact, needs no clock, and the file grows with the data only. S3, once used, gets a table here.

In WAL mode with ``synchronous=NORMAL``, a write is with the operating system before its answer:
``kill -9`` loses nothing. A power cut can lose the last moments, and leaves a whole journal;
``FULL`` would not, at the price of an fsync a write.
"""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

VERSION = 1
WAIT_SECONDS = 10  # for a process of before that is about to end
TTL_GRACE_SECONDS = 86_400

_SETTINGS = """
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
"""
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE items (place TEXT, key TEXT, item TEXT NOT NULL, PRIMARY KEY (place, key));
CREATE TABLE keys (name TEXT PRIMARY KEY, id TEXT NOT NULL, material BLOB NOT NULL);
PRAGMA user_version = {VERSION};
COMMIT;
"""
_DROP_EXPIRED = "DELETE FROM items WHERE CAST(json_extract(item, '$.expires_at.N') AS REAL) < ?"

Place = tuple[str, str]  # the table and the item's key
Images = Mapping[Place, str | None]  # the item in each place; None: there is none


class UnreadableJournal(Exception):
    """The file is not a journal that this version reads, or another process has it."""


class Journal:
    """The file, open for this process alone. Its caller lets in one thread at a time."""

    def __init__(self, file: Path) -> None:
        file.touch(mode=0o600)  # it holds the keys' material
        self._db = sqlite3.connect(file, WAIT_SECONDS, check_same_thread=False)
        try:
            self._prepare(file)
        except sqlite3.Error as error:
            self._db.close()
            raise UnreadableJournal(_advice(file, str(error))) from error
        except UnreadableJournal:
            self._db.close()
            raise

    def _prepare(self, file: Path) -> None:
        self._db.executescript(_SETTINGS)
        [version] = self._db.execute("PRAGMA user_version").fetchone()
        if version not in {0, VERSION}:
            raise UnreadableJournal(_advice(file, f"it has version {version}, not {VERSION}"))
        if version == 0:
            self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; what was recorded is in it."""
        self._db.close()

    def record(self, images: Images) -> None:
        """Keep the images, all or none. Raises ``sqlite3.Error`` when that cannot be."""
        kept = [(*place, item) for place, item in images.items() if item is not None]
        gone = [place for place, item in images.items() if item is None]
        with self._db:
            self._db.executemany("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", kept)
            self._db.executemany("DELETE FROM items WHERE place = ? AND key = ?", gone)

    def items(self) -> Iterator[tuple[Place, str]]:
        """Every place that has an item, and the item."""
        for table, key, item in self._db.execute("SELECT * FROM items"):
            yield (table, key), item

    def drop_expired(self) -> None:
        """Drop the items whose ``expires_at`` is past by more than a day, as DynamoDB would."""
        with self._db:
            self._db.execute(_DROP_EXPIRED, [time.time() - TTL_GRACE_SECONDS])

    def key(self, name: str) -> tuple[str, bytes] | None:
        """The id and the material of the KMS key of this name, if it is kept."""
        asked = self._db.execute("SELECT id, material FROM keys WHERE name = ?", [name])
        found: tuple[str, bytes] | None = asked.fetchone()
        return found

    def keep_key(self, name: str, key_id: str, material: bytes) -> None:
        """Keep a KMS key; what it encrypts can be read for as long as the journal is there."""
        with self._db:
            self._db.execute("INSERT INTO keys VALUES (?, ?, ?)", [name, key_id, material])


def _advice(file: Path, reason: str) -> str:
    return f"The journal {file} cannot be read: {reason}. `make clean-local` begins anew, empty."
