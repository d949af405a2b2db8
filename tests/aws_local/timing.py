"""How long it takes from a push to the artifact of its job, on a stack that is cold or warm."""

from __future__ import annotations

import time

from dishwasher.demo.github import Repo
from dishwasher.demo.scene import Scene
from dishwasher.demo.story.teller import fetch

from tests.aws_local.cloud import Cloud

JOB = "checks: {hello: {run: 'echo hello > $DISHWASHER_ARTIFACTS/hello.txt'}}\n"
PATIENCE = 90.0
WARM = 3
LOOK = b'{"round": "look"}'
"""What the schedule says every five minutes."""


def measure(scene: Scene, cloud: Cloud) -> list[tuple[str, float]]:
    """Names and seconds; of the warm ones the best, for other programs run on this machine."""
    # A public one: its log is there for everyone, without a login.
    repository = scene.github.add_repo("acme/hello", {".dishwasher.yml": JOB}, private=False)
    scene.github.install(scene.github.world.apps[next(iter(scene.github.world.apps))], "acme")
    scene.github.wait_idle(PATIENCE)
    cloud.cool()
    cold = _once(scene, cloud, repository.commit({"n": "0"}))
    warm = [_once(scene, cloud, repository.commit({"n": str(n)})) for n in range(1, WARM + 1)]
    return [
        ("from a webhook to an artifact, cold", cold[0]),
        ("from a webhook to a concluded check, cold", cold[1]),
        ("from a webhook to an artifact, warm", min(one[0] for one in warm)),
        ("from a webhook to a concluded check, warm", min(one[1] for one in warm)),
        (
            "the same of a stranger's pull request, by CodeBuild",
            _stranger(scene, cloud, repository),
        ),
        (
            "the same of a push of 7 MB, from the look at GitHub's log",
            _large(scene, cloud, repository),
        ),
    ]


def _stranger(scene: Scene, cloud: Cloud, repository: Repo) -> float:
    """On a machine of its own, whose coming up is not in this figure."""
    fork = repository.fork("stranger")
    sha = fork.commit({"n": "strange"}, branch="t")
    begun = time.time()
    repository.open_pull("t", fork=fork)
    (run,) = scene.github.wait_concluded(sha, timeout=PATIENCE)
    assert run.conclusion == "success", run.output
    (build,) = cloud.builds
    assert build["buildStatus"] == "SUCCEEDED" or not build["buildComplete"], build
    return time.time() - begun


def _large(scene: Scene, cloud: Cloud, repository: Repo) -> float:
    """Lambda takes no such body, and the schedule's next look reads it at GitHub."""
    # A push tells the message of its last commit twice.
    sha = repository.commit({"n": "large"}, message="x" * 3_500_000)
    scene.github.wait_idle(PATIENCE)
    (push,) = [one for one in scene.github.deliveries("push") if one.payload["after"] == sha]
    assert push.status_code == 413, push.status
    begun = time.time()
    cloud.invoke("Reap", LOOK)
    (run,) = scene.github.wait_concluded(sha, timeout=PATIENCE)
    assert run.conclusion == "success", run.output
    return time.time() - begun


def _once(scene: Scene, cloud: Cloud, sha: str) -> tuple[float, float]:
    begun = time.time()
    (run,) = scene.github.wait_concluded(sha, timeout=PATIENCE)
    assert run.conclusion == "success", run.output
    told = time.time() - begun
    # There is no git in such a function.
    assert "By a tarball" in fetch(f"{run.details_url}/log")
    s3 = cloud.stack.client("s3")
    bucket = cloud.stack.name("Bucket")
    prefix = "attempts/" + run.details_url.rpartition("/")[2]
    (found,) = [
        one
        for one in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
        if one["Key"].endswith("hello.txt")
    ]
    return found["LastModified"].timestamp() - begun, told
