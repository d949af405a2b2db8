"""`python -m tests.aws_local.deploying`: a stack is made, upgraded and removed, by the commands of
`make deploy`, `upgrade` and `remove`, with SAM itself, against moto and the stand-in GitHub."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dishwasher.aws.clients import Clients
from dishwasher.aws.stack import find
from dishwasher.demo.github import StandIn

from tests.aws_local.artifact import ANYONE, PARAMETERS, ROOT
from tests.cli.browser import Running, agree

NAME, BUCKET = "dishwasher", "artifacts"
PUBLIC = "http://127.0.0.1:9"
"""Nobody answers there, at once."""
CLOUD = (sys.executable, "-m", "dishwasher.cli.cloud")
DISHWASHER = (sys.executable, "-m", "dishwasher")


class Person:
    """At a terminal, with credentials for the account."""

    def __init__(self, endpoint: str, home: Path) -> None:
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            **ANYONE,
            **{"AWS_ENDPOINT_URL": endpoint, "HOME": str(home), "NO_PROXY": "localhost,127.0.0.1"},
        }
        self.clients = Clients(ANYONE["AWS_REGION"], endpoint)

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            words,
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def call(self, *words: str, code: int = 0) -> str:
        with self.start(*words) as process:
            said, _ = process.communicate()
        assert process.returncode == code, said
        return said


@contextmanager
def account() -> Iterator[str]:
    """The endpoint of an AWS with nothing on it."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.aws_local.cloudformation"],
            cwd=ROOT,
            env={**os.environ, **ANYONE},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        with process:
            try:
                assert process.stdout is not None
                # By this name moto finds a bucket in a path.
                yield f"http://localhost:{process.stdout.readline().strip()}"
            finally:
                process.kill()


def main() -> None:
    os.environ.update(ANYONE)
    with tempfile.TemporaryDirectory() as home, account() as endpoint, StandIn() as github:
        github.sign_in("alice")
        person = Person(endpoint, Path(home))
        person.clients.s3.create_bucket(Bucket=BUCKET)
        for step in (nothing_yet, first, again, broken_clone, removed, taken_up, deleted):
            began = time.monotonic()
            step(person, github)
            words = step.__doc__ or ""
            print(f"✔ {words.strip('.')} ({time.monotonic() - began:.0f} s)", flush=True)
        assert github.violations == []


def nothing_yet(person: Person, github: StandIn) -> None:
    """Without a stack `make upgrade` and `make remove` say what there is to do."""
    assert "`make deploy` makes one" in person.call(*CLOUD, "upgrade", code=2)
    assert "there is no stack" in person.call(*CLOUD, "remove", code=2)
    assert "ARGS=--yes" in person.call(*CLOUD, "deploy", code=2)
    said = person.call(*CLOUD, "deploy", "Runtme=python3.12", code=2)
    assert "did you mean Runtime?" in said, said


def first(person: Person, github: StandIn) -> None:
    """`make deploy` builds, deploys, makes the App with its keys in SSM, and shows the link."""
    words = [f"{name}={value}" for name, value in PARAMETERS.items()]
    words += [f"GithubUrl={github.url}", f"GithubApiUrl={github.api_url}", f"PublicUrl={PUBLIC}"]
    options = ("--yes", "--artifacts", BUCKET, "--no-browser", "--name", "mine")
    with person.start(*CLOUD, "deploy", *options, *words) as process:
        running = Running(process)
        status, page = agree(github, running.url)
        assert status == 200, page
        code, said, _ = running.end()
    said = running.shown + said
    assert code == 0, said
    assert f"{github.url}/apps/mine/installations/new" in said, said
    (app,) = github.world.apps.values()
    assert app.webhook_url == f"{PUBLIC}/webhook"
    for secret in (app.private_key.splitlines()[1], app.webhook_secret, app.client_secret):
        assert secret not in said
    assert _parameter(person, "private-key")["Type"] == "SecureString"
    stack = find(person.clients, NAME)
    assert stack is not None and stack.protected and stack.outputs["Version"] != "unknown"
    policy = person.clients.client("cloudformation").get_stack_policy(StackName=NAME)
    assert "LogicalResourceId/Table" in policy["StackPolicyBody"]
    doctor = person.call(*DISHWASHER, "doctor", "--aws")
    assert "Nothing is broken" in doctor and "as this clone" in doctor, doctor
    assert "5, and none rings" in doctor and "8, and all can run" in doctor, doctor


def again(person: Person, github: StandIn) -> None:
    """`make upgrade` asks nothing, shows what changes, and keeps parameters, App and data."""
    before = find(person.clients, NAME)
    assert before is not None
    _store(person, before.output("Table"), before.output("Bucket"))
    said = person.call(*CLOUD, "upgrade", "--artifacts", BUCKET, "KeepDays=30")
    assert "CloudFormation stack changeset" in said, said
    assert f"GitHub sends what happens to {PUBLIC}/webhook" in said, said
    after = find(person.clients, NAME)
    assert after is not None and after.parameters["KeepDays"] == "30"
    for name in ("GithubUrl", "PublicUrl", "Runtime", "Architecture"):
        assert after.parameters[name] == before.parameters[name]
    assert after.outputs["Table"] == before.outputs["Table"]
    assert _stored(person, after.output("Table"), after.output("Bucket")) == (1, 1)
    assert len(github.world.apps) == 1


def broken_clone(person: Person, github: StandIn) -> None:
    """What can not be built is deployed nowhere."""
    said = person.call(*CLOUD, "upgrade", "Runtime=python3.1", code=2)
    assert "python3.1 does not start here" in said, said


def removed(person: Person, github: StandIn) -> None:
    """`make remove` says what stays and what it costs, wants the name, and loses no data."""
    stack = find(person.clients, NAME)
    assert stack is not None
    table, bucket = stack.output("Table"), stack.output("Bucket")
    assert f"--confirm {NAME}" in person.call(*CLOUD, "remove", code=2)
    assert "nothing was removed" in person.call(*CLOUD, "remove", "--confirm", "yes", code=2)
    assert find(person.clients, NAME) is not None
    said = person.call(*CLOUD, "remove", "--confirm", NAME)
    assert "This stays:" in said and "a month where it is stored" in said, said
    assert f"delete-table --table-name {table}" in said and f"s3://{bucket}" in said, said
    assert find(person.clients, NAME) is None
    assert _stored(person, table, bucket) == (1, 1)
    assert _parameter(person, "app-id")["Value"] == str(next(iter(github.world.apps)))


def taken_up(person: Person, github: StandIn) -> None:
    """`make deploy` after that takes up the App that is there."""
    words = [f"{name}={value}" for name, value in PARAMETERS.items()]
    words += [f"GithubUrl={github.url}", f"GithubApiUrl={github.api_url}"]
    other = "http://127.0.0.1:8"
    said = person.call(
        *(*CLOUD, "deploy", "--yes", "--artifacts", BUCKET, f"PublicUrl={other}", *words)
    )
    assert f"GitHub sends what happens to {other}/webhook" in said, said
    (app,) = github.world.apps.values()
    assert app.webhook_url == f"{other}/webhook"


def deleted(person: Person, github: StandIn) -> None:
    """`make remove ARGS='--data delete'` leaves nothing of it."""
    stack = find(person.clients, NAME)
    assert stack is not None
    table, bucket = stack.output("Table"), stack.output("Bucket")
    _store(person, table, bucket)
    said = person.call(*CLOUD, "remove", "--data", "delete", "--confirm", NAME)
    assert "This is DELETED" in said, said
    assert table not in person.clients.dynamodb.list_tables()["TableNames"]
    assert bucket not in [one["Name"] for one in person.clients.s3.list_buckets()["Buckets"]]
    assert _parameter(person, "app-id") == {}


def _parameter(person: Person, name: str) -> dict[str, Any]:
    words = {"Names": [f"/{NAME}/{name}"], "WithDecryption": True}
    found = person.clients.client("ssm").get_parameters(**words)["Parameters"]
    return dict(found[0]) if found else {}


def _store(person: Person, table: str, bucket: str) -> None:
    person.clients.dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    person.clients.s3.put_object(Bucket=bucket, Key="attempts/1/log", Body=b"said")


def _stored(person: Person, table: str, bucket: str) -> tuple[int, int]:
    rows = person.clients.dynamodb.scan(TableName=table)["Count"]
    return rows, len(person.clients.s3.list_objects_v2(Bucket=bucket).get("Contents", ()))


if __name__ == "__main__":
    main()
