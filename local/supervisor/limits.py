"""How long and how much the supervisor lets users' code take; each is a command-line option."""

from dataclasses import dataclass

from chalicelib.engines.base import MEMORY_LIMIT_BYTES


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
