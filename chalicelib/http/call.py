"""One request on its way through a route."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from .. import ids
from ..errors import Unauthorized
from ..store.transaction import Transaction
from .limits import Standing

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "write", "admin")


@dataclass(frozen=True)
class Caller:
    """Who is calling, as their credential says. ``scope`` is what it allows now.

    ``project_id`` is the one project that a bound key may touch.
    """

    user_id: str
    workspace_id: str
    scope: Scope
    mode: str = "live"
    role: str = "viewer"
    plan: str = "free"
    key_id: str | None = None
    session_id: str | None = None
    project_id: str | None = None

    @property
    def tenant(self) -> str:
        """What every key in the store begins with."""
        return f"{self.mode}#{self.workspace_id}"

    def may(self, scope: Scope) -> bool:
        """Whether the caller's scope includes this one."""
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


@dataclass
class Call:
    """A request: what was sent, who sent it, and the unit of work it is.

    ``is_admitted`` says whether its credential is good at that moment, for what goes on after the
    answer has begun; asking is not counted as a call. ``changed`` tells the audit log which keys
    were ``added``, ``changed`` and ``removed``.
    """

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    raw_body: bytes = b""
    source_ip: str = ""
    known_caller: Caller | None = None
    is_admitted: Callable[[], bool] = lambda: True
    standing: Standing = ()
    notices: dict[str, str] = field(default_factory=dict)
    request_id: str = field(default_factory=lambda: ids.new("req"))
    tx: Transaction = field(default_factory=Transaction)
    changed: dict[str, list[str]] = field(default_factory=dict)

    @property
    def caller(self) -> Caller:
        """Who is calling. Raises ``Unauthorized`` on a route that asks for no credentials."""
        if self.known_caller is None:
            raise Unauthorized
        return self.known_caller

    @property
    def tenant(self) -> str:
        """The tenant of the caller."""
        return self.caller.tenant

    def begin_again(self) -> None:
        """Forget what was staged: the operation is done from its beginning."""
        self.tx, self.changed = Transaction(), {}
