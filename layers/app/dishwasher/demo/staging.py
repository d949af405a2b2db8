"""The staging machine of the sample site: restarts the site whenever `current` points elsewhere.

What systemd does for a site of one's own: deploy.sh prepares a release and switches a link.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

LOOK_EVERY = 0.2
STOP_SECONDS = 5.0


class Staging:
    """A folder of releases and the site that runs from the current one, on a local port."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self._port = _free_port()
        self._site: subprocess.Popen[bytes] | None = None
        self._release = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="staging", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(2 * STOP_SECONDS)
        self._stop_site()

    def _run(self) -> None:
        current = self.root / "current"
        while not self._stopping.wait(LOOK_EVERY):
            release = os.readlink(current) if current.is_symlink() else ""
            if release != self._release:
                self._release = release
                self._stop_site()
                self._start_site(Path(release))

    def _start_site(self, release: Path) -> None:
        command = [
            sys.executable,
            "manage.py",
            "runserver",
            "--noreload",
            f"127.0.0.1:{self._port}",
        ]
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "DJANGO_SETTINGS_MODULE": "settings.staging",
            "SECRET_KEY": os.urandom(32).hex(),
        }
        with open(self.root / "site.log", "ab") as log:
            self._site = subprocess.Popen(
                command,
                cwd=release / "app",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _stop_site(self) -> None:
        if self._site is None or self._site.poll() is not None:
            return
        os.killpg(self._site.pid, signal.SIGTERM)
        try:
            self._site.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._site.pid, signal.SIGKILL)
            self._site.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
