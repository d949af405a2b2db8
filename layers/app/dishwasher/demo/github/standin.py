"""The stand-in itself: a server around its state."""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path
from types import TracebackType

from dishwasher.demo.github import queries
from dishwasher.demo.github.clock import Clock
from dishwasher.demo.github.codeload import Codeload
from dishwasher.demo.github.control import Control
from dishwasher.demo.github.dispatch import Api, Observer
from dishwasher.demo.github.faults import Fault, Faults, Kind
from dishwasher.demo.github.hooks import Hooks
from dishwasher.demo.github.journal import Journal, Violation
from dishwasher.demo.github.limits import PRIMARY_PER_HOUR, Limits
from dishwasher.demo.github.site import Site
from dishwasher.demo.github.smart import Git
from dishwasher.demo.github.stage import Stage
from dishwasher.demo.github.watch import Watch
from dishwasher.demo.github.wire import HangUp, Request, Response, Server
from dishwasher.demo.github.world import World

__all__ = ["StandIn"]


API = "/api/v3"


class StandIn(Stage, Watch):
    """GitHub on a local port. Use it as a context manager, or `start` and `close` it."""

    def __init__(
        self,
        data: Path | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        per_hour: int = PRIMARY_PER_HOUR,
        enforce_secondary: bool = False,
        observe: Observer | None = None,
    ) -> None:
        """`observe` sees each good answer with its operation, as `METHOD /template`."""
        self._scratch = tempfile.TemporaryDirectory(prefix="github-") if data is None else None
        folder = data or Path(self._scratch.name if self._scratch else "")
        self.clock = Clock()
        self.hooks = Hooks(self.clock, self._notify)
        Stage.__init__(self, World(folder, self.clock, self.hooks))
        self.limits = Limits(per_hour, enforce_secondary)
        self.faults = Faults()
        Watch.__init__(self, self.world, Journal(self._notify))
        self._api = Api(self.world, self.limits, self.faults, self.journal, observe)
        self._git = Git(self.world, self.faults, self.journal)
        self._codeload = Codeload(self.world, self.journal)
        self._site = Site(self)
        self._control = Control(self)
        self._server = Server(host, port, self._serve)
        self.url = self.world.url = f"http://{host}:{self._server.port}"
        self.api_url = self.world.api_url

    def start(self) -> StandIn:
        self._server.start()
        return self

    def close(self) -> None:
        self._server.close()
        self.hooks.close()
        for git in self.world.git.values():
            git.close()
        if self._scratch is not None:
            self._scratch.cleanup()

    def __enter__(self) -> StandIn:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _serve(self, request: Request) -> Response:
        try:
            return self._route(request)
        except HangUp:
            raise
        except Exception:
            # A mistake of the stand-in: the client sees a 500, the test sees where it was.
            text = traceback.format_exc()
            self.journal.violate(Violation(request.method, request.path, text))
            return Response(500, text.encode(), (("Content-Type", "text/plain"),))

    def _route(self, request: Request) -> Response:
        if request.path.startswith(f"{API}/"):
            return self._api.serve(request, request.path[len(API) :])
        if request.path == queries.PATH:
            return queries.serve(self.world, request).response({})
        if self._git.handles(request):
            return self._git.serve(request)
        if self._codeload.handles(request):
            return self._codeload.serve(request)
        if self._control.handles(request):
            return self._control.serve(request)
        return self._site.serve(request)

    def _notify(self) -> None:
        self.world.notify()

    def fail(self, kind: Kind | str, path: str = "*", method: str = "*", **more: float) -> None:
        """The next requests that match suffer a fault; `more` is times, seconds or after."""
        document = {"kind": str(kind), "path": path, "method": method, **more}
        self.faults.add(Fault.parse(document))
