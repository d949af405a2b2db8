"""The embedded HTTP server: waitress in front of `Request → Response`."""

from __future__ import annotations

import errno
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIEnvironment

from waitress import wasyncore
from waitress.server import create_server

from dishwasher.daemon import limits
from dishwasher.daemon.limits import Channel
from dishwasher.errors import Fault, UserError
from dishwasher.http.message import Request, Response, query_from, text
from dishwasher.http.router import answer_to, without_body
from dishwasher.http.span import Span

if TYPE_CHECKING:
    from waitress.server import TcpWSGIServer

logger = logging.getLogger(__name__)

App = Callable[[Request], Response]

BACKLOG = 1024
"""Connections that wait in the kernel: a burst of deliveries is not refused."""
CONNECTIONS = 512
"""Connections that are open at once, below the usual 1,024 open files of a process."""
IDLE_SECONDS = 60
THREADS = 8
GRACE = 0.7
"""Seconds that requests in progress get when the server stops."""
SWITCH_INTERVAL = 0.0001
"""Seconds after which Python lets another thread run, instead of its 0.005. A request changes
threads several times, and asks for the interpreter again after each statement of the database, so
it waits for each busy thread every time. Measured: one delivery beside one busy thread took 27 ms
with the default, 3.6 with 0.0005; half of 200 at once took 320 to 544 ms with that, and take 124 to
182 with this."""

_PHRASES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Server:
    """Listens from the start, serves from `start()` until `stop()`."""

    def __init__(
        self,
        app: App,
        host: str = "127.0.0.1",
        port: int = 0,
        threads: int = THREADS,
        promised: limits.Promised = lambda path: 0,
    ) -> None:
        """Bind the address; port 0 takes any free one. Raises UserError when it can not be had.

        A body longer than `limits.BODY` is taken only as far as it is `promised`.
        """
        self._socket = _listen(host, port)
        self.host, self.port = host, int(self._socket.getsockname()[1])
        # It says each time that a request waits for a thread, which is what a queue is for.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._waitress: TcpWSGIServer = create_server(
            _adapt(app),
            sockets=[self._socket],
            threads=threads,
            backlog=BACKLOG,
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
            recv_bytes=256 * 1024,
            max_request_header_size=limits.HEADERS,
            max_request_body_size=limits.BODY,
            asyncore_use_poll=True,
            log_socket_errors=False,
            clear_untrusted_proxy_headers=False,
            ident=None,
        )
        self._waitress.channel_class = Channel
        self._waitress.promised = promised
        self._thread = threading.Thread(target=self._waitress.run, name="http", daemon=True)

    @property
    def url(self) -> str:
        """Where this machine reaches it, without a slash at the end."""
        host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def is_crowded(self) -> bool:
        """Whether requests wait for a thread."""
        return bool(self._waitress.task_dispatcher.queue)

    def start(self) -> None:
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests, give those in progress a moment, end; repeating is harmless."""
        if self._thread.ident is None:
            self._waitress.task_dispatcher.shutdown()
            wasyncore.close_all(self._waitress._map)
        elif self._thread.is_alive():
            # In the server's own thread, because its map of sockets has no lock.
            self._waitress.trigger.pull_trigger(self._close_listener)
            self._drain()
            try:
                self._waitress.trigger.pull_trigger(self._close_all)
            except OSError:
                # Its loop can not be woken any more, and ends when nothing is left in the map.
                self._close_all()
        if self._thread.ident is not None:
            self._thread.join()

    def _close_listener(self) -> None:
        wasyncore.dispatcher.close(self._waitress)

    def _close_all(self) -> None:
        for channel in tuple(self._waitress.active_channels.values()):
            # What `close_all` does to a channel leaves the files open that its answers wait in.
            channel.handle_close()
        wasyncore.close_all(self._waitress._map)

    def _drain(self) -> None:
        """Wait for answers that are being made or sent, then for the threads that make them."""
        dispatcher, end = self._waitress.task_dispatcher, time.monotonic() + GRACE
        while time.monotonic() < end and (
            dispatcher.queue
            or any(
                channel.requests or channel.total_outbufs_len
                for channel in tuple(self._waitress.active_channels.values())
            )
        ):
            time.sleep(0.01)
        dispatcher.shutdown(timeout=max(end - time.monotonic(), 0.1))


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise UserError(f"can not listen on port {port}: ports go from 0 to 65535")
    try:
        family = socket.getaddrinfo(host or None, port, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        other = "port" if getattr(error, "errno", 0) in (errno.EADDRINUSE, errno.EACCES) else "host"
        # create_server repeats the address in its own words.
        why = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
        raise UserError(
            f"can not listen on {host}:{port}: {why}; choose another {other}"
        ) from error


def _adapt(app: App) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            response = app(_request(environ))
        except Fault as fault:
            response = _fault(fault, environ)
        except Exception:
            response = _bug(environ)
        if environ["REQUEST_METHOD"] == "HEAD":
            response = without_body(response)
        headers = list(response.headers)
        start_response(_PHRASES[response.status], headers)
        if isinstance(response.body, Span):
            wrapped: Iterable[bytes] = environ["wsgi.file_wrapper"](response.body)
            return wrapped
        return [response.body] if isinstance(response.body, bytes) else response.body

    return serve


def _request(environ: WSGIEnvironment) -> Request:
    """The request that WSGI describes (PEP 3333: text there is bytes in Latin-1)."""
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if name in environ:
            headers[name.replace("_", "-").lower()] = environ[name]
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
        stream=environ["wsgi.input"],
        length=int(environ.get("CONTENT_LENGTH") or 0),
        query=query_from(environ["QUERY_STRING"]),
        headers=headers,
    )


def _fault(fault: Fault, environ: WSGIEnvironment) -> Response:
    """A fault before the routes, in the request line itself, or one that has no answer."""
    try:
        return answer_to(fault)
    except Fault:
        return _bug(environ)


def _bug(environ: WSGIEnvironment) -> Response:
    logger.exception("%s %s failed", environ["REQUEST_METHOD"], environ["PATH_INFO"])
    return text(500, "this is a bug in Dishwasher; its log says more")
