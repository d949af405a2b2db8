"""What a job's commands reach: real runners in real jails, with real servers around them."""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from dishwasher.core.job import Reason
from dishwasher.core.machine import Machine, Service
from dishwasher.core.sandbox import Level

from tests.runner.conftest import Launch, Serve
from tests.runner.egress.ground import Origin, read_head
from tests.runner.egress.test_rules import own_address
from tests.runner.job import phase
from tests.runner.sandbox.levels import at

# Every way that there is to a host and a port: directly, and by the proxy under many names.
TRY = r"""
python3 - {ports} <<'END'
import os, socket, sys
own, ports = "{own}", list(map(int, sys.argv[1:]))
places = ["127.0.0.1", "::1", "localhost", own, "0.0.0.0", "169.254.169.254", "fd00:ec2::254",
          "::ffff:127.0.0.1", "::ffff:" + own, "2130706433", "0x7f.1", "127.1", "localhost.",
          "metadata.google.internal", "instance-data"]
def said(family, place, words):
    try:
        with socket.socket(family) as one:
            one.settimeout(2)
            one.connect(place)
            one.sendall(words)
            return one.recv(200)
    except OSError as error:
        return b"no: %r" % error
lines = []
for port in (80, *ports):
    for place in places:
        family = socket.AF_INET6 if ":" in place else socket.AF_INET
        got = said(family, (place, port), b"GET /direct HTTP/1.0\r\n\r\n")
        lines.append(f"direct {{place}} {{port}} {{got}}")
        host = "[" + place + "]" if ":" in place else place
        for head in ("CONNECT %s:%d HTTP/1.1\r\n\r\n", "GET http://%s:%d/proxied HTTP/1.1\r\n\r\n"):
            proxy = os.environ.get("https_proxy", "").rpartition(":")[2] or "9"
            got = said(socket.AF_INET, ("127.0.0.1", int(proxy)), (head % (host, port)).encode())
            lines.append(f"proxied {{place}} {{port}} {{got}}")
got = said(socket.AF_UNIX, "\0{abstract}", b"hello")
print("", *lines, f"abstract {{got}}", sep="\n")
END
"""


@pytest.fixture
def control() -> Iterator[tuple[int, list[str]]]:
    """A server on all addresses of this machine, as a bot's is, and who has reached it."""
    seen: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("0.0.0.0", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield int(server.server_address[1]), seen
        server.shutdown()
        thread.join()


@at(Level.JAILED)
@pytest.mark.parametrize("network", [True, False])
def test_case_37_strangers_reach_neither_this_machine_nor_the_keys_of_a_cloud(
    serve: Serve, launch: Launch, level: Level, network: bool, control: tuple[int, list[str]]
) -> None:
    port, seen = control
    name = f"dishwasher-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{name}")
        listener.listen()
        server = serve("true", trusted=False, network=network)
        own = own_address()
        script = TRY.format(ports=f"{port} {server.port}", own=own, abstract=name)
        spec = replace(server.ticket.spec, phases=(phase("build", script),))
        server.ticket = replace(server.ticket, spec=spec)
        launch(server, DISHWASHER_SANDBOX=level)
        result = server.result()
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    log = server.log.decode()
    assert result.reason is Reason.OK, log
    assert seen == []
    tried = [line for line in log.splitlines() if line.startswith(("direct", "proxied", "abstr"))]
    assert len(tried) == 3 * 3 * 15 + 1
    for line in tried:
        assert "no: " in line or "HTTP/1.1 403" in line or "HTTP/1.1 502" in line, line
    # Those that are there would have been reached: they are refused, and not only absent.
    if network:
        assert f"proxied {own} {port} b'HTTP/1.1 403" in log
        assert f"{own}:{port} is " in log
        assert "[dishwasher] Sandbox: jailed: network of public addresses" in log
    else:
        assert "[dishwasher] Sandbox: jailed: network off" in log


@at(Level.JAILED)
def test_a_trusted_job_with_the_network_on_has_the_machines(
    serve: Serve, launch: Launch, level: Level, control: tuple[int, list[str]]
) -> None:
    port, seen = control
    get = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{port}/here')"
    server = serve(f'python3 -c "{get}" || true')
    launch(server, DISHWASHER_SANDBOX=level)
    assert server.result().reason is Reason.OK
    assert seen == ["/here"]


@at(Level.CONFINED, Level.PLAIN)
@pytest.mark.parametrize("hosts", [(), ("pypi.org",)])
def test_without_a_jail_less_network_is_refused_and_not_granted(
    serve: Serve, launch: Launch, level: Level, hosts: tuple[str, ...]
) -> None:
    server = serve("echo begun", network=False, hosts=hosts)
    launch(server, DISHWASHER_SANDBOX=level)
    result = server.result()
    assert result.reason is Reason.REFUSED
    assert f"this runner is {level}: " in result.detail
    assert b"begun" not in server.log


@pytest.mark.real("redis-server", "redis-cli")
@at(Level.JAILED)
def test_without_a_network_a_job_has_its_services(
    serve: Serve, launch: Launch, level: Level
) -> None:
    machine = Machine(services=(Service("redis"),))
    server = serve("redis-cli ping", network=False, machine=machine)
    launch(server, DISHWASHER_SANDBOX=level)
    assert server.result().reason is Reason.OK, server.log.decode()
    assert b"\nPONG\n" in server.log


class Web:
    """The web of a test: a proxy that knows some hosts, as that of a machine does."""

    def __init__(self, folder: Path) -> None:
        handler = partial(_Quiet, directory=str(folder))
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        self.asked: list[str] = []
        self._proxy = Origin(self._serve)

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"http://user:word@127.0.0.1:{self._proxy.port}"

    def _serve(self, wire: socket.socket) -> None:
        head = read_head(wire)
        line, _, rest = head.partition(b"\r\n")
        method, target, _ = line.split(b" ")
        self.asked.append(f"{method.decode()} {target.decode()}")
        assert b"Proxy-Authorization: Basic dXNlcjp3b3Jk" in rest
        with socket.create_connection(("127.0.0.1", self.port), 10) as onward:
            if method == b"CONNECT":
                wire.sendall(b"HTTP/1.1 200 fine\r\n\r\n")
            else:
                path = b"/" + target.split(b"/", 3)[3]
                onward.sendall(b"%s %s HTTP/1.1\r\n%s" % (method, path, rest))
            threading.Thread(target=_copy, args=(wire, onward), daemon=True).start()
            _copy(onward, wire)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._proxy.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An index of Python packages, a repository of git and a file, to be served over HTTP."""
    folder = tmp_path / "site"
    package = folder / "simple" / "washed"
    package.mkdir(parents=True)
    wheel(package / "washed-1.0-py3-none-any.whl")
    (folder / "file").write_text("a file of the web\n")
    repository = tmp_path / "repository"
    for words in (
        f"init -q {repository}",
        f"-C {repository} -c user.name=a -c user.email=a@b commit -q --allow-empty -m first",
        f"clone -q --bare {repository} {folder / 'it.git'}",
        f"-C {folder / 'it.git'} update-server-info",
    ):
        subprocess.run(("git", *words.split()), check=True)
    return folder


def wheel(path: Path) -> None:
    info = "washed-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("washed.py", "print('washed and dried')\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: washed\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def web(site: Path) -> Iterator[Web]:
    made = Web(site)
    yield made
    made.close()


@at(Level.JAILED)
def test_the_tools_of_a_job_reach_what_it_lists_and_nothing_else(
    serve: Serve, launch: Launch, level: Level, web: Web
) -> None:
    server = serve(
        "curl -fsS http://files.example/file",
        "git clone -q http://git.example:8080/it.git && git -C it log --format=%s",
        "curl -sS --fail -o /dev/null http://evil.example/file || echo status $?",
        "curl -sS --fail -o /dev/null http://evil.example/other || echo status $?",
        "curl -sS -o /dev/null https://evil.example/ || echo status $?",
        "env | grep -i proxy | grep -c word || true",
        network=False,
        hosts=("files.example", "git.example:8080"),
    )
    launch(server, DISHWASHER_SANDBOX=level, HTTP_PROXY=web.url, HTTPS_PROXY=web.url)
    result = server.result()
    log = server.log.decode()
    assert result.reason is Reason.OK, log
    assert "\na file of the web\n" in log
    assert "\nfirst\n" in log
    assert "\nstatus 22\n" in log
    assert "\nstatus 56\n" in log
    assert web.asked[0] == "GET http://files.example:80/file"
    assert all("evil" not in one for one in web.asked)
    # The proxy is the runner's own process, and not one that the steps left behind.
    assert result.notes == ()
    # Once for each host and port, and the machine's own password is no business of the job's.
    assert log.count("[dishwasher] evil.example:80 is not in this job's network list") == 1
    assert log.count("[dishwasher] evil.example:443 is not in this job's network list") == 1
    assert "\n0\n" in log


@at(Level.JAILED)
@pytest.mark.parametrize(("place", "trusted"), [("loopback", True), ("own", False)])
def test_pip_finds_the_machines_own_index_wherever_it_is(
    serve: Serve, launch: Launch, level: Level, site: Path, place: str, trusted: bool
) -> None:
    host = "localhost" if place == "loopback" else own_address()
    with ThreadingHTTPServer(("0.0.0.0", 0), partial(_Quiet, directory=str(site))) as index:
        thread = threading.Thread(target=index.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://{host}:{index.server_address[1]}/simple/"
        # The one beside Python: an environment of the job's own takes seconds.
        python = f"{sys.base_prefix}/bin/python3"
        server = serve(
            f"{python} -m pip install -q --no-cache-dir -t . --trusted-host {host} washed",
            f"{python} -c 'import washed'",
            trusted=trusted,
            network=not trusted,
            hosts=("nothing.example",) if trusted else (),
        )
        launch(server, DISHWASHER_SANDBOX=level, PIP_INDEX_URL=url)
        result = server.result()
        index.shutdown()
        thread.join()
    assert result.reason is Reason.OK, server.log.decode()
    assert b"\nwashed and dried\n" in server.log


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
@at(Level.JAILED)
def test_npm_asks_its_registry_through_the_proxy(
    serve: Serve, launch: Launch, level: Level, web: Web, site: Path
) -> None:
    (site / "washed").write_text(
        '{"name": "washed", "dist-tags": {"latest": "3.2.1"}, '
        '"versions": {"3.2.1": {"name": "washed", "version": "3.2.1"}}}'
    )
    server = serve(
        "npm view washed version --registry http://npm.example/ --fetch-retries 0",
        network=False,
        hosts=("npm.example",),
    )
    launch(server, DISHWASHER_SANDBOX=level, HTTP_PROXY=web.url, HTTPS_PROXY=web.url)
    assert server.result().reason is Reason.OK, server.log.decode()
    assert b"3.2.1" in server.log
    assert "GET http://npm.example:80/washed" in web.asked


@at(Level.JAILED)
def test_the_way_out_is_gone_with_the_job_and_with_a_killed_runner(
    serve: Serve, launch: Launch, level: Level
) -> None:
    # Who is answered knows that it is there, and has given up what it does not need.
    ask = "curl -s -o /dev/null http://b.example/"
    server = serve(f"{ask}; echo begun; exec sleep 600", network=False, hosts=("a.example",))
    runner = launch(server, DISHWASHER_SANDBOX=level)
    server.wait(lambda: b"\nbegun\n" in server.log)
    (pid,) = gates(runner.pid)
    ended = os.pidfd_open(pid)
    runner.kill()
    runner.wait()
    assert select.select([ended], [], [], 20.0)[0]
    os.close(ended)


def gates(parent: int) -> list[int]:
    """The proxies of a runner."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = Path(f"/proc/{name}/cmdline").read_bytes()
            status = Path(f"/proc/{name}/status").read_text()
        except OSError:
            continue
        if b"egress.program" in words and f"\nPPid:\t{parent}\n" in status:
            found.append(int(name))
            if os.geteuid() == 0:
                assert "\nUid:\t65534\t65534\t65534\t65534\n" in status
                assert "\nCapEff:\t0000000000000000\n" in status
    return found
