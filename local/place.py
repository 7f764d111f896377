"""Where the local run keeps what it has, and on which ports it listens."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

STATE = Path(os.environ.get("ORBITRA_STATE", ".orbitra")).resolve()


@dataclass
class Ports:
    """Where the API, the proxy and the mailbox listen; 0 is any free port."""

    api: int
    proxy: int
    mail: int

    def write(self) -> None:
        """Note them for those who want to talk to what runs."""
        new = _file().with_suffix(".new")
        new.write_text(json.dumps(asdict(self)))
        os.replace(new, _file())

    @classmethod
    def read(cls) -> Self:
        """Those of the last start. Raises ``OSError`` when there was none."""
        return cls(**json.loads(_file().read_text()))


def _file() -> Path:
    return STATE / "ports.json"
