"""How long and how much the supervisor lets users' code take; each is a command-line option."""

from dataclasses import dataclass

from chalicelib.engines.base import MEMORY_LIMIT_BYTES

_MIB = 1024**2


@dataclass(frozen=True)
class Allowance:
    """What one run may take, and what is said when it takes more; ``who`` takes it.

    ``weight`` is its share of busy cores, where 100 is that of any other process.
    """

    who: str
    processes: int
    memory_bytes: int
    disk_bytes: int
    weight: int = 100

    @property
    def tasks(self) -> int:
        """How many processes and threads together."""
        return 4 * self.processes

    @property
    def too_many_processes(self) -> str:
        """What is said of one that has started too many."""
        return self._said(f"started more than {self.processes} processes", "start fewer")

    @property
    def too_many_tasks(self) -> str:
        """What is said of one that has tried to start too many."""
        return self._said(f"started more than {self.tasks} processes and threads", "start fewer")

    @property
    def too_much_memory(self) -> str:
        """What is said of one that has used too much."""
        excess = f"used more than {self.memory_bytes / _MIB:g} MiB of memory"
        return self._said(excess, "use less, or start fewer workers")

    @property
    def too_much_disk(self) -> str:
        """What is said of one that has written too much."""
        excess = f"wrote more than {self.disk_bytes / _MIB:g} MiB to the disk"
        return self._said(excess, "write and keep less")

    def _said(self, excess: str, advice: str) -> str:
        return f"{self.who} {excess} and was ended; make it {advice}."


@dataclass(frozen=True)
class Limits:
    """Times are in seconds, sizes in bytes."""

    build_seconds: float = 900.0
    start_seconds: float = 60.0
    worker_seconds: float = 3.0
    pre_deploy_seconds: float = 300.0
    grace_seconds: float = 10.0
    drain_seconds: float = 2.0
    last_request_seconds: float = 30.0
    idle_seconds: float = 900.0
    restart_seconds: float = 1.0
    restarts: int = 5
    scale_requests: int = 10
    scale_up_seconds: float = 5.0
    scale_down_seconds: float = 60.0
    builds_at_once: int = 4
    artifacts_kept: int = 5
    build_logs_kept: int = 20
    memory_bytes: int = MEMORY_LIMIT_BYTES
    build_memory_bytes: int = 2 * 1024**3
    processes: int = 512
    watch_seconds: float = 1.0
    disk_bytes: int = 4 * 1024**3
    disk_seconds: float = 10.0
    log_bytes: int = 5 * 1024 * 1024

    @property
    def app(self) -> Allowance:
        """What each process tree of a release may take."""
        return Allowance("The app", self.processes, self.memory_bytes, self.disk_bytes)

    @property
    def build(self) -> Allowance:
        """What a build may take; services come first."""
        memory = self.build_memory_bytes
        return Allowance("The build", self.processes, memory, self.disk_bytes, weight=25)
