"""Finds the route of a path that API Gateway did not match itself."""

from collections.abc import Iterable

from ..errors import MethodNotAllowed, NotFound
from .routes import Route


class Router:
    """The declared routes by the shape of their paths."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_length: dict[int, list[tuple[list[str], Route]]] = {}
        for route in routes:
            parts = route.path.split("/")
            self._by_length.setdefault(len(parts), []).append((parts, route))

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and its path parameters. HEAD is answered as GET.

        Raises ``NotFound`` or, where only the method is wrong, ``MethodNotAllowed``.
        """
        found = self._candidates(path)
        wanted = "GET" if method == "HEAD" else method
        for route, params in found:
            if route.method == wanted:
                return route, params
        if found:
            raise MethodNotAllowed({route.method for route, _ in found})
        raise NotFound

    def _candidates(self, path: str) -> list[tuple[Route, dict[str, str]]]:
        """The routes of the path; one with literal parts goes before one with parameters."""
        parts = path.rstrip("/").split("/")
        rows = self._by_length.get(len(parts), [])
        fits = [(shape, route) for shape, route in rows if _fits(shape, parts)]
        fits.sort(key=lambda row: sum(part.startswith("{") for part in row[0]))
        return [(route, _params(shape, parts)) for shape, route in fits]


def _fits(shape: list[str], parts: list[str]) -> bool:
    return all(s.startswith("{") or s == p for s, p in zip(shape, parts, strict=True))


def _params(shape: list[str], parts: list[str]) -> dict[str, str]:
    pairs = zip(shape, parts, strict=True)
    return {s[1:-1]: p for s, p in pairs if s.startswith("{")}
