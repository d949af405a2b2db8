"""codeload.github.com: archives that git makes, for whoever the API has sent with a short token."""

from __future__ import annotations

import re
import secrets
import subprocess
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from dishwasher.demo.github.gitdir import GitDirectory
from dishwasher.demo.github.journal import Journal, Violation
from dishwasher.demo.github.model import Repository
from dishwasher.demo.github.wire import Request, Response
from dishwasher.demo.github.world import World

__all__ = ["Codeload", "place"]

LIFETIME_SECONDS = 300
"""https://docs.github.com/rest/repos/contents#download-a-repository-archive-tar"""
PATH = re.compile(r"/_codeload/([^/]+)/([^/]+)/legacy\.tar\.gz/(.+)")
SHORT = 7
PIECE = 64 * 1024
TEXT = (("Content-Type", "text/plain"),)


def place(world: World, repository: Repository, ref: str, sha: str) -> str:
    """Where the archive is: on another host than the API, with a token where it is private."""
    url = urlsplit(world.url)
    # Whoever sends the API's token along with a redirect is found out by it.
    host = "localhost" if url.hostname == "127.0.0.1" else url.hostname
    base = f"{url.scheme}://{host}:{url.port}/_codeload/{world.full_name(repository)}"
    path = f"{base}/legacy.tar.gz/{quote(ref)}"
    if not repository.private:
        return path
    token = secrets.token_urlsafe(21)
    world.downloads[token] = (repository.id, sha, world.clock.now() + LIFETIME_SECONDS)
    return f"{path}?token={token}"


class Codeload:
    """Serves `/_codeload/OWNER/REPO/legacy.tar.gz/REF`."""

    def __init__(self, world: World, journal: Journal) -> None:
        self._world, self._journal = world, journal

    def handles(self, request: Request) -> bool:
        return PATH.fullmatch(request.path) is not None

    def serve(self, request: Request) -> Response:
        if "authorization" in request.headers:
            message = "the token of the API was sent to the host that it had led to"
            self._journal.violate(Violation(request.method, request.path, message))
        with self._world.lock:
            found = self._found(request)
            if found is None:
                return Response(404, b"404: Not Found", TEXT)
            repository, git, sha = found
            owner, name = self._world.full_name(repository).split("/")
        pieces = archive(git, f"{owner}-{name}-{sha[:SHORT]}/", sha)
        headers = (
            ("Content-Type", "application/x-gzip"),
            ("Content-Disposition", f"attachment; filename={owner}-{name}-{sha[:SHORT]}.tar.gz"),
        )
        return Response(200, pieces, headers)

    def _found(self, request: Request) -> tuple[Repository, GitDirectory, str] | None:
        match = PATH.fullmatch(request.path)
        assert match is not None
        repository = self._world.repository(match[1], match[2])
        if repository is None:
            return None
        git = self._world.git[repository.id]
        if not repository.private:
            sha = git.resolve(match[3])
            return (repository, git, sha) if sha is not None else None
        granted = self._world.downloads.get(request.query.get("token", ""))
        if granted is None:
            return None
        number, sha, until = granted
        fits = number == repository.id and until > self._world.clock.now()
        return (repository, git, sha) if fits else None


def archive(git: GitDirectory, prefix: str, sha: str) -> Iterator[bytes]:
    """As it is made: GitHub tells no length either."""
    command = ("git", "archive", "--format=tar.gz", f"--prefix={prefix}", sha)
    with subprocess.Popen(
        command,
        cwd=git.folder,
        env=git.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        try:
            while piece := process.stdout.read(PIECE):
                yield piece
        finally:
            process.kill()
