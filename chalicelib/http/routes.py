"""Declares routes: one decorator gives a function its path, scope, schemas and description."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError

from .. import ids
from ..errors import NotFound
from .call import Call, Caller, Scope
from .dialects import Dialect
from .pages import Listing, Page
from .schemas import Body, Query
from .versioning import Deprecation

F = TypeVar("F", bound=Callable[..., Any])
BODY_KIB = 256
_FLAG: TypeAdapter[bool] = TypeAdapter(bool)


@dataclass(frozen=True)
class FromPath:
    """Marks a parameter as the resource whose id stands in the path.

    ``load(call, id, *resources to its left)`` answers the caller's own resource or raises
    ``NotFound``, as does an id that is malformed or of another kind.
    """

    name: str
    prefix: str
    load: Callable[..., Any]

    def resolve(self, call: Call, text: str, parents: list[Any]) -> Any:
        """The resource that the path names. Raises ``NotFound``."""
        try:
            typeid = ids.parse(self.prefix, text)
        except ValueError:
            raise NotFound from None
        found = self.load(call, typeid, *parents)
        bound = call.caller.project_id
        if bound and not parents and bound not in {typeid, getattr(found, "project_id", None)}:
            raise NotFound
        return found


@dataclass(frozen=True)
class Route:
    """One operation: everything the front door and the OpenAPI description know of it.

    ``scope`` is what a credential must allow; ``people``, where it is set, what is enough for a
    person. ``counted``: whether calls without credentials count against their address. ``reveals``:
    whether it shows secrets, ``reveal_flag``: by which flag of its query. ``for_bound_keys``:
    whether a key that is bound to a project may call it although its path names nothing of that
    project. ``refusals``: what else it may answer, of the statuses that its declaration does not
    imply; ``instead``: answers of another model, when nothing was done, and their statuses.
    """

    dialect: Dialect
    method: str
    path: str
    function: Callable[..., Any]
    scope: Scope | None
    people: Scope | None = None
    status: int = 200
    plural: str = ""
    page_limit: int = 0
    body_kib: int = BODY_KIB
    example: Any = None
    counted: bool = True
    reveals: bool = False
    reveal_flag: str = ""
    for_bound_keys: bool = False
    refusals: tuple[int, ...] = ()
    instead: dict[int, type[BaseModel]] = field(default_factory=dict)
    deprecation: Deprecation | None = None
    resources: dict[str, FromPath] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    body: type[Body] | None = None
    query: type[Query] | None = None
    pages: bool = False
    answer: type[BaseModel] | None = None
    lists: bool = False

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    def needs(self, caller: Caller, query: Mapping[str, str]) -> Scope:
        """The scope that the caller's credential must have."""
        if self.shows_secrets(query):
            return "admin"
        needed = self.people if self.people and caller.session_id else self.scope
        return needed or "read"

    def status_of(self, result: Any) -> int:
        """The status of an answer."""
        found = (code for code, model in self.instead.items() if isinstance(result, model))
        return next(found, self.status)

    def shows_secrets(self, query: Mapping[str, str]) -> bool:
        """Whether a call with this query reveals secrets: it needs admin, and is noted."""
        return self.reveals or (bool(self.reveal_flag) and _is_set(query, self.reveal_flag))

    def is_audited(self, query: Mapping[str, str]) -> bool:
        """Whether a call with this query is noted in the audit log."""
        return self.method != "GET" or self.shows_secrets(query)

    def is_closed_to(self, caller: Caller) -> bool:
        """Whether the caller's key is bound to a project and this is about all of a workspace."""
        return bool(caller.project_id) and not self.resources and not self.for_bound_keys

    @property
    def operation_id(self) -> str:
        """The name of the operation, unique over all surfaces."""
        return f"{self.dialect.name}_{self.function.__name__}"


@dataclass
class Surface:
    """A prefix and its dialect, on which features declare their routes."""

    prefix: str
    dialect: Dialect
    routes: list[Route] = field(default_factory=list)

    def get(self, path: str, **options: Any) -> Callable[[F], F]:
        """Declare a GET."""
        return self._route("GET", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[F], F]:
        """Declare a POST."""
        return self._route("POST", path, **options)

    def put(self, path: str, **options: Any) -> Callable[[F], F]:
        """Declare a PUT."""
        return self._route("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Callable[[F], F]:
        """Declare a PATCH."""
        return self._route("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[F], F]:
        """Declare a DELETE."""
        return self._route("DELETE", path, **options)

    def _route(self, method: str, path: str, **options: Any) -> Callable[[F], F]:
        def declare(function: F) -> F:
            said = {**options, **_signature(function)}
            self.routes.append(Route(self.dialect, method, self.prefix + path, function, **said))
            return function

        return declare


def _is_set(query: Mapping[str, str], flag: str) -> bool:
    """Whether a flag is true in any spelling that the route's own query takes for it."""
    try:
        return _FLAG.validate_python(query.get(flag, "false"))
    except ValidationError:
        return False


def _signature(function: Callable[..., Any]) -> dict[str, Any]:
    """What the parameters and the return type of a route's function say."""
    hints = get_type_hints(function, include_extras=True)
    found: dict[str, Any] = {"resources": {}, "words": [], **_answer(hints.pop("return"))}
    for name, hint in hints.items():
        if hint is Page:
            found["pages"] = True
        elif get_origin(hint) is Annotated and isinstance(get_args(hint)[-1], FromPath):
            found["resources"][name] = get_args(hint)[-1]
        elif isinstance(hint, type) and issubclass(hint, Body):
            found["body"] = hint
        elif isinstance(hint, type) and issubclass(hint, Query):
            found["query"] = hint
        elif hint is not Call:
            found["words"].append(name)
    return found


def _answer(hint: Any) -> dict[str, Any]:
    if isinstance(hint, UnionType):
        return _answer(get_args(hint)[0])
    if get_origin(hint) is Listing:
        return {"answer": get_args(hint)[0], "lists": True}
    return {"answer": None if hint is type(None) else hint}
