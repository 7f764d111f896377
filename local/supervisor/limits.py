"""How long and how much the supervisor lets users' code take; each is a command-line option."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Times are in seconds, sizes in bytes."""

    build_seconds: float = 900.0
    start_seconds: float = 60.0
    pre_deploy_seconds: float = 300.0
    grace_seconds: float = 10.0
    drain_seconds: float = 2.0
    idle_seconds: float = 900.0
    restart_seconds: float = 1.0
    restarts: int = 5
    builds_at_once: int = 4
    artifacts_kept: int = 5
    build_logs_kept: int = 20
    log_bytes: int = 5 * 1024 * 1024
