"""A job within walls and the mirrors: it finds none, changes none, and plants nothing there."""

from __future__ import annotations

from pathlib import Path

from dishwasher.core.job import Reason
from dishwasher.core.sandbox import Level
from dishwasher.core.ticket import Source
from dishwasher.runner.mirror import Mirrors

from tests.runner.conftest import Launch, Serve
from tests.runner.sandbox.levels import WALLED, at

CANARY = "canary-5b0e1d"
TRY = r"""
set +e
ls -laR {mirrors}; cat {mirrors}/trusted/*/config; cp -r {mirrors} $DISHWASHER_ARTIFACTS/
git -C {mirrors}/trusted/7-commits rev-parse HEAD
echo {canary} > {mirrors}/trusted/7-commits/HEAD
echo {canary} > {mirrors}/trusted/7-commits/refs/commits/{sha}
for file in {mirrors}/trusted/7-commits/objects/pack/*; do echo {canary} > $file; done
mkdir -p {mirrors}/trusted/8-commits {mirrors}/untrusted/7-commits/hooks
rm -rf {mirrors}
chmod -R u+w .git
for file in .git/objects/pack/*; do echo {canary} >> $file; done
env | grep -i mirror
true
"""


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(place.relative_to(folder)): place.read_bytes()
        for place in sorted(folder.rglob("*"))
        if place.is_file()
    }


@at(*WALLED)
def test_a_job_does_not_reach_the_mirrors(
    serve: Serve, launch: Launch, source: Source, tmp_path: Path, level: Level
) -> None:
    attack(serve, launch, source, tmp_path, level, trusted=True)


@at(Level.JAILED)
def test_an_untrusted_job_fills_a_mirror_of_its_own(
    serve: Serve, launch: Launch, source: Source, tmp_path: Path, level: Level
) -> None:
    attack(serve, launch, source, tmp_path, level, trusted=False)


def attack(
    serve: Serve, launch: Launch, source: Source, tmp_path: Path, level: Level, trusted: bool
) -> None:
    mirrors = tmp_path / "mirrors"
    numbered = Source(source.url, source.sha, repository=7)
    words = {"DISHWASHER_SANDBOX": level, "DISHWASHER_MIRRORS": str(mirrors)}
    first = launch(serve("true", source=numbered), **words)
    assert first.wait(30) == 0
    before = files(mirrors)
    assert Mirrors(mirrors, 1).of(7, trusted=True, history=False).holds([source.sha])
    script = TRY.format(mirrors=mirrors, canary=CANARY, sha=source.sha)
    server = serve(script, source=numbered, trusted=trusted)
    server.attempt = "job-2.1"
    runner = launch(server, **words)
    assert server.result().reason is Reason.OK, server.result().detail
    assert runner.wait(20) == 0
    after = {name: data for name, data in files(mirrors).items() if name in before}
    assert after == before
    assert [name for name in files(mirrors) if name.startswith("trusted/8")] == []
    assert CANARY.encode() not in b"".join(files(mirrors).values())
    assert b"MIRROR" not in server.log.replace(script.encode(), b"")
    assert server.files == {}
    # An untrusted job has filled its own, and no other.
    assert ("untrusted" in {name.split("/")[0] for name in files(mirrors)}) is not trusted
