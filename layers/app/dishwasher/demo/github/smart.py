"""git's smart HTTP protocol over the real git: fetch, clone and push."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator

from dishwasher.demo.github import faults, pushes
from dishwasher.demo.github.answer import Refusal, not_found
from dishwasher.demo.github.auth import Caller, bearer, identify
from dishwasher.demo.github.faults import Faults
from dishwasher.demo.github.gitdir import GitDirectory
from dishwasher.demo.github.journal import Entry, Journal
from dishwasher.demo.github.model import Repository
from dishwasher.demo.github.wire import HangUp, Request, Response
from dishwasher.demo.github.world import World

__all__ = ["Git"]

PATH = re.compile(
    r"/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)(?:\.git)?/"
    r"(?P<verb>info/refs|git-upload-pack|git-receive-pack)"
)
SERVICES = {"git-upload-pack": "upload-pack", "git-receive-pack": "receive-pack"}
CHALLENGE = (("WWW-Authenticate", 'Basic realm="GitHub"'),)
NO_CACHE = (("Cache-Control", "no-cache, max-age=0, must-revalidate"),)
PIECE = 64 * 1024


class Git:
    """Serves `/OWNER/REPO.git/...`. A private repository asks for credentials first."""

    def __init__(self, world: World, rules: Faults, journal: Journal) -> None:
        self.world = world
        self.faults = rules
        self.journal = journal

    def handles(self, request: Request) -> bool:
        return PATH.fullmatch(request.path) is not None

    def serve(self, request: Request) -> Response:
        started = time.perf_counter()
        fault = self.faults.take(request.method, request.path)
        caller = Caller()
        status = 0
        try:
            early = faults.before(fault, self.world.clock.now())
            if early is not None:
                response = early.response({})
            else:
                caller, response = self._answer(request)
                if fault is not None and fault.kind in faults.AFTER:
                    if fault.kind is faults.Kind.timeout_after:
                        raise HangUp
                    response = Response(502, b"Bad Gateway\n")
            status = response.status
            return response
        finally:
            entry = Entry(
                at=self.world.clock.now(),
                kind="git",
                method=request.method,
                path=request.path,
                query=request.query,
                body=None,
                status=status,
                points=0,
                caller=caller.bucket,
                seconds=time.perf_counter() - started,
                fault=None if fault is None else fault.kind.value,
            )
            self.journal.add(entry)

    def _answer(self, request: Request) -> tuple[Caller, Response]:
        found = PATH.fullmatch(request.path)
        assert found is not None
        verb = found["verb"]
        service = request.query.get("service", "") if verb == "info/refs" else verb
        caller = Caller()
        try:
            with self.world.lock:
                caller = identify(self.world, bearer(request.headers))
                if service not in SERVICES:
                    raise Refusal(403, "Please upgrade your git client.")
                writes = service == "git-receive-pack"
                repository = self._admit(caller, found["owner"], found["name"], writes)
                git = self.world.git[repository.id]
            if repository.name.lower() != found["name"].lower():
                return caller, self._moved(repository, request)
            if verb == "info/refs":
                return caller, advertise(git, service, request)
            if writes:
                return caller, self._receive(repository, git, request, caller)
            return caller, upload(git, request)
        except Refusal as refusal:
            headers = CHALLENGE if refusal.status == 401 else ()
            text = f"{refusal.message}\n".encode()
            return caller, Response(
                refusal.status, text, (*headers, ("Content-Type", "text/plain"))
            )

    def _admit(self, caller: Caller, owner: str, name: str, writes: bool) -> Repository:
        repository = self.world.repository(owner, name)
        level = "none"
        if repository is not None:
            level = caller.level(self.world, repository, "contents")
            if caller.installation is None and caller.app is not None:
                level = "none"
        anonymous = caller.user is None and caller.installation is None
        if anonymous and (repository is None or level == "none" or writes):
            raise Refusal(401, "Repository not found.")
        if repository is None or level == "none":
            raise Refusal(404, "Repository not found.")
        if writes and level not in ("write", "admin"):
            raise Refusal(403, "Write access to repository not granted.")
        return repository

    def _moved(self, repository: Repository, request: Request) -> Response:
        rest = request.path.split("/", 3)[3]
        query = "&".join(f"{name}={value}" for name, value in request.query.items())
        place = f"{self.world.url}/{self.world.full_name(repository)}.git/{rest}"
        return Response(301, b"", (("Location", f"{place}?{query}" if query else place),))

    def _receive(
        self, repository: Repository, git: GitDirectory, request: Request, caller: Caller
    ) -> Response:
        """Take a push, and raise its events before it is answered."""
        with git.pushing:
            git.reload()  # what was there before is not this push's doing
            output = b"".join(serve(git, "receive-pack", request))
            with self.world.lock:
                current = self.world.repositories.get(repository.id)
                if current is None:
                    raise not_found()
                moves = git.reload()
                if moves:
                    sender = caller.actor(self.world)
                    pushes.pushed(self.world, current, moves, sender.id)
        return Response(200, output, (*NO_CACHE, _type("git-receive-pack", "result")))


def advertise(git: GitDirectory, service: str, request: Request) -> Response:
    line = f"# service={service}\n"
    head = f"{len(line) + 4:04x}{line}0000".encode()
    flags = ("--http-backend-info-refs",)
    body = head + b"".join(serve(git, SERVICES[service], request, *flags))
    return Response(200, body, (*NO_CACHE, _type(service, "advertisement")))


def upload(git: GitDirectory, request: Request) -> Response:
    pieces = serve(git, "upload-pack", request)
    return Response(200, pieces, (*NO_CACHE, _type("git-upload-pack", "result")))


def serve(git: GitDirectory, program: str, request: Request, *flags: str) -> Iterator[bytes]:
    """Run git's own server program on one request, piece by piece."""
    environment = git.environment | {"GIT_PROTOCOL": request.headers.get("git-protocol", "")}
    process = subprocess.Popen(
        ["git", program, "--stateless-rpc", *flags, "."],
        cwd=git.folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        # A request is read whole before anything is answered, so this can not block for ever.
        try:
            process.stdin.write(request.body)
            process.stdin.close()
        except BrokenPipeError:
            pass  # git has seen enough of it; its answer says why
        while piece := process.stdout.read1(PIECE):  # type: ignore[attr-defined]
            yield piece
    finally:
        process.stdout.close()
        if process.poll() is None:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _type(service: str, kind: str) -> tuple[str, str]:
    return ("Content-Type", f"application/x-{service}-{kind}")
