"""Which app answers a request, and what is said when none does."""

from local.doors import Doors
from local.proxy.apps import Apps, Unanswered
from local.proxy.client import Request
from local.proxy.pages import page
from local.proxy.routes import Routes
from local.proxy.visits import Visits


class Proxy:
    """Hands requests on to the instances of the app that the request's host leads to."""

    def __init__(self, routes: Routes, visits: Visits, doors: Doors) -> None:
        self.apps = Apps(doors)
        self._routes = routes
        self._visits = visits

    async def answer(self, request: Request) -> None:
        """Send the client the app's answer, or a page that says why there is none."""
        name = _name(request.host)
        if self._routes.state(name) is None:
            request.reply(page("unknown", _without_port(request.host), request.accepts))
            return
        with (
            self._routes.asking(name),
            self._visits.noting(name, request.method, request.target) as visit,
        ):
            visit.status = await self._answer(request, name)

    async def _answer(self, request: Request, name: str) -> int:
        """The status of one instance's answer, of another's when the first is just gone."""
        gone: set[int] = set()
        while (number := await self._routes.instance(name, gone)) is not None:
            try:
                with self._routes.using(number):
                    return await self.apps.ask(number, request)
            except (OSError, TimeoutError):
                gone.add(number)
            except Unanswered:
                gone.add(number)
                if not request.is_repeatable:
                    break
        state = "broken" if gone else self._routes.state(name) or "unknown"
        return request.reply(page(state, name, request.accepts))


def _name(host: str) -> str:
    return _without_port(host).rstrip(".").lower().removesuffix(".localhost")


def _without_port(host: str) -> str:
    return host.rsplit(":", 1)[0]
