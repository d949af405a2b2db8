"""Where the sample's releases are put: a server that takes them, and one site per environment."""

from __future__ import annotations

import hmac
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

STOP_SECONDS = 5.0
ENVIRONMENTS = ("staging", "production")


class Hosting:
    """`PUT /<environment>/<commit>` with a packed release, for whoever has the token."""

    def __init__(self, root: Path) -> None:
        self.token = secrets.token_hex(20)
        self.sites = {name: Site(root / name) for name in ENVIRONMENTS}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="hosting", daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        for site in self.sites.values():
            site.stop()

    def take(self, path: str, authorization: str, packed: bytes) -> int:
        """The status to answer with."""
        environment, _, sha = path.strip("/").partition("/")
        if not hmac.compare_digest(authorization, f"Bearer {self.token}"):
            return 401
        if environment not in self.sites or not sha.isalnum():
            return 404
        self.sites[environment].release(sha, packed)
        return 204

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hosting = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                packed = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                said = self.headers.get("Authorization", "")
                self.send_response(hosting.take(self.path, said, packed))
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """The terminal is the story's."""

        return Handler


class Site:
    """The sample site on a local port, from the release that was put there last."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True)
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def release(self, sha: str, packed: bytes) -> None:
        """Unpack the release and serve it in place of the one before."""
        with self._lock:
            folder = self._root / sha
            folder.mkdir(exist_ok=True)
            # `extractall` is safe only with its `filter`, which came with Python 3.11.4:
            # https://docs.python.org/3/library/tarfile.html#extraction-filters
            command = ["tar", "-xz", "--no-same-owner", "-C", str(folder)]
            subprocess.run(command, input=packed, check=True)
            self._end()
            self._begin(folder)

    def stop(self) -> None:
        with self._lock:
            self._end()

    def _begin(self, folder: Path) -> None:
        command = [sys.executable, "manage.py", "runserver"]
        command += ["--noreload", f"127.0.0.1:{self._port}"]
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "DJANGO_SETTINGS_MODULE": "settings.live",
            "SECRET_KEY": secrets.token_hex(32),
        }
        with open(self._root / "site.log", "ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=folder / "app",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _end(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
