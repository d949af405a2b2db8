"""Real repositories, served over git's smart HTTP by git itself."""

from __future__ import annotations

import base64
import gzip
import os
import subprocess
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

IDENTITY = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


class Forge:
    """Serves `<folder>/<name>` as `/<owner>/<name>.git`; with `token`, to its bearer only."""

    def __init__(self, folder: Path, token: str = "") -> None:
        self.folder, self.token = folder, token
        self.fault: Callable[[str], int | None] = lambda path: None
        self.paths: list[str] = []
        outer = self

        class Handler(_Handler):
            forge = outer

        class Listener(ThreadingHTTPServer):
            daemon_threads = True

        self._http = Listener(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/acme/site.git"

    def git(self, *arguments: str, name: str = "site", input: bytes = b"") -> str:
        done = subprocess.run(
            ("git", *arguments),
            cwd=self.folder / name,
            env={**os.environ, **IDENTITY},
            input=input,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def commit(self, files: Mapping[str, str], message: str = "change") -> str:
        """Write the files, commit all, and answer the commit's name."""
        root = self.folder / "site"
        if not root.exists():
            root.mkdir()
            self.git("init", "-q", "-b", "main")
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    forge: Forge

    def do_GET(self) -> None:
        self._serve("--http-backend-info-refs", b"", b"001e# service=git-upload-pack\n0000")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self._serve("--stateless-rpc", body, b"")

    def _serve(self, mode: str, body: bytes, preface: bytes) -> None:
        forge, parts = self.forge, urlsplit(self.path)
        forge.paths.append(parts.path)
        fault = forge.fault(parts.path)
        expected = base64.b64encode(f"x-access-token:{forge.token}".encode()).decode()
        if fault is not None:
            self._reply(fault, "text/plain", b"a fault on demand")
        elif forge.token and self.headers.get("Authorization") != f"Basic {expected}":
            self._reply(401, "text/plain", b"who are you?")
        else:
            name = parts.path.split("/")[2].removesuffix(".git")
            done = subprocess.run(
                ("git", "upload-pack", "--strict", mode, str(forge.folder / name / ".git")),
                env={**os.environ, **IDENTITY, "GIT_PROTOCOL": self.headers["Git-Protocol"] or ""},
                input=body,
                capture_output=True,
            )
            kind = "result" if self.command == "POST" else "advertisement"
            content = f"application/x-git-upload-pack-{kind}"
            self._reply(200, content, preface + done.stdout)

    def _reply(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="forge"')
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""
