"""Caches from the first build to the next, over the real server and real runners (31, 33)."""

from __future__ import annotations

from pathlib import Path

from dishwasher.local.keys import path_of

from tests.e2e.world import World

CONFIG = """\
cache:
  paths: [~/.cache/tool, deps]
  files: lock.txt
  key: deps-
  fallbacks: [deps-]
checks:
  tests:
    run:
      - mkdir -p ~/.cache/tool deps
      - head -c 3000000 /dev/urandom > ~/.cache/tool/big
      - echo "$DISHWASHER_BRANCH $(cat lock.txt)" >> deps/log
      - cp deps/log "$DISHWASHER_ARTIFACTS/log"
"""


def seen(world: World, sha: str) -> str:
    """What the job of this commit found in its cache, and added."""
    run = world.concluded(sha)["tests"]
    assert run.conclusion == "success", run.output.summary
    (job,) = world.table.jobs(sha)
    return world.bot.get(f"/jobs/{job['id']}/artifacts/log").decode()


def test_a_cache_goes_from_build_to_build_and_never_from_a_branch_to_the_main_one(
    world: World,
) -> None:
    repo = world.repo(CONFIG, {"lock.txt": "1"})

    def push(branch: str, lock: str, number: int) -> str:
        sha = repo.commit({"lock.txt": lock, "n": str(number)}, branch=branch)
        return seen(world, sha)

    assert push("master", "1", 1) == "master 1\n"
    assert push("master", "1", 2) == "master 1\nmaster 1\n"
    assert push("topic", "2", 3) == "master 1\ntopic 2\n"
    assert push("topic", "2", 4) == "master 1\ntopic 2\ntopic 2\n"
    assert push("master", "2", 5) == "master 1\nmaster 2\n"


def test_what_is_damaged_on_the_disk_costs_a_build_its_cache_alone(world: World) -> None:
    repo = world.repo(CONFIG, {"lock.txt": "1"})
    assert seen(world, repo.commit({"n": "1"})) == "master 1\n"
    shelf = world.table.row("shelf", f"{repo.id}/team")
    path = path_of(shelf["entries"][0]["blob"])
    archive = Path(world.bot.data, "blobs", *path)
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)
    sha = repo.commit({"n": "2"})
    assert seen(world, sha) == "master 1\n"
    assert b"what came is not what was stored" in log(world, sha)
    assert seen(world, repo.commit({"n": "3"})) == "master 1\nmaster 1\n"


def log(world: World, sha: str) -> bytes:
    (job,) = world.table.jobs(sha)
    return world.bot.get(f"/jobs/{job['id']}/log")
