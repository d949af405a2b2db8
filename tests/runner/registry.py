"""An npm registry with one package: enough of its protocol for `npm install`.

https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NODE = '#!/bin/sh\n[ "$1" = --version ] && echo v{version} || echo node {version} "$@"\n'


@contextmanager
def registry(package: str, *versions: str) -> Iterator[str]:
    """The URL of a registry that has these versions of a package with a `bin/node`."""
    tarballs = {f"/{package}/-/{version}.tgz": _tarball(package, version) for version in versions}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            if path == f"/{package}":
                self._answer(json.dumps(_document(package, tarballs, self._base())).encode())
            elif path in tarballs:
                self._answer(tarballs[path])
            else:
                self.send_error(404)

        def _base(self) -> str:
            return f"http://{self.headers['Host']}"

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """The tests show what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def _document(package: str, tarballs: dict[str, bytes], base: str) -> dict[str, object]:
    versions = {}
    for path, data in tarballs.items():
        version = path.rpartition("/")[2].removesuffix(".tgz")
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
        dist = {"tarball": base + path, "integrity": integrity}
        versions[version] = {"name": package, "version": version, "dist": dist}
    return {"name": package, "versions": versions, "dist-tags": {"latest": list(versions)[-1]}}


def _tarball(package: str, version: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, text in (
            ("package.json", json.dumps({"name": package, "version": version})),
            ("bin/node", NODE.format(version=version)),
        ):
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size, entry.mode = len(text.encode()), 0o755
            archive.addfile(entry, io.BytesIO(text.encode()))
    return made.getvalue()
