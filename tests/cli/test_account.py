"""`--aws`: commands that work on a stack, in an emulator of AWS, with the stand-in GitHub."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import pytest
from dishwasher.cli.account import Account
from dishwasher.cli.checkup.finding import Level
from dishwasher.cli.main import FAILED, OK, WRONG_USAGE, main
from dishwasher.core.pattern import Filter, Pattern, Syntax
from dishwasher.core.secret import Rules, Slot
from dishwasher.demo.github import StandIn

from tests.aws import quota
from tests.aws.deployed import deploy
from tests.aws.emulator import ENVIRONMENT, Emulator
from tests.aws.listener import Handler, Listener
from tests.cli.browser import Running, agree
from tests.github.conftest import pem

PUBLIC = "http://127.0.0.1:9"
"""Nobody answers there, at once."""
NAMES = ("app-id", "private-key", "webhook-secret", "client-id", "client-secret")


@dataclass(frozen=True)
class Deployed:
    emulator: Emulator
    github: StandIn
    name: str
    """Of the stack, and of its settings."""

    def words(self, *words: str) -> tuple[str, ...]:
        return (*words, "--aws", "--stack", self.name)

    def call(self, *words: str, value: str = "", code: int = OK, **variables: str) -> str:
        """What a command says, on both channels and in one line."""
        return call(self.emulator, self.words(*words), value, code, variables)

    def client(self, service: str) -> Any:
        return self.emulator.clients.client(service)

    def resource(self, name: str) -> str:
        """What AWS calls it, by its name in the template."""
        words = {"StackName": self.name, "LogicalResourceId": name}
        found = self.client("cloudformation").describe_stack_resource(**words)
        id: str = found["StackResourceDetail"]["PhysicalResourceId"]
        return id

    def parameter(self, name: str) -> dict[str, Any]:
        ssm = self.emulator.clients.ssm
        found = ssm.get_parameters(Names=[f"/{self.name}/{name}"], WithDecryption=True)
        return dict((found["Parameters"] or [{}])[0])

    def keep(self, **settings: str) -> None:
        """As `app create` does."""
        for name, value in settings.items():
            self.emulator.clients.ssm.put_parameter(
                Name=f"/{self.name}/{name.replace('_', '-')}",
                **{"Value": value, "Type": "SecureString", "Overwrite": True},
            )


def environment(emulator: Emulator) -> dict[str, str]:
    return {
        **ENVIRONMENT,
        "PATH": os.environ["PATH"],
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "AWS_ENDPOINT_URL": emulator.url,
    }


def call(
    emulator: Emulator, words: Sequence[str], value: str, code: int, variables: Mapping[str, str]
) -> str:
    """An empty variable is none."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        for name, text in {**environment(emulator), **variables}.items():
            patch.setenv(name, text) if text else patch.delenv(name, raising=False)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(value.encode())))
        assert main(words) == code, said.getvalue()
    return " ".join(said.getvalue().split())


@pytest.fixture
def github() -> Iterator[StandIn]:
    with StandIn() as github:
        github.sign_in("alice")
        yield github
        assert github.violations == []


@pytest.fixture
def deployed(emulator: Emulator, github: StandIn) -> Deployed:
    name = f"t{uuid.uuid4().hex[:12]}"
    words = {"GithubUrl": github.url, "GithubApiUrl": github.api_url}
    deploy(emulator, name, PublicUrl=PUBLIC, Settings=f"/{name}", **words)
    return Deployed(emulator, github, name)


@pytest.fixture
def registered(deployed: Deployed) -> Deployed:
    return register(deployed, PUBLIC)


def register(deployed: Deployed, url: str) -> Deployed:
    app = deployed.github.add_app(webhook_url=f"{url}/webhook")
    deployed.keep(
        app_id=str(app.id),
        private_key=app.private_key,
        webhook_secret=app.webhook_secret,
        client_id=app.client_id,
        client_secret=app.client_secret,
    )
    return deployed


def test_an_app_is_made_for_a_stack_and_its_keys_are_parameters(deployed: Deployed) -> None:
    words = ("app", "create", "--no-browser", "--name", "mine")
    process = subprocess.Popen(
        (sys.executable, "-m", "dishwasher", *deployed.words(*words)),
        env=environment(deployed.emulator),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        running = Running(process)
        assert agree(deployed.github, running.url)[0] == 200
        code, out, error = running.end()
    finally:
        process.kill()
        process.communicate()
    assert (code, error) == (0, ""), error
    (app,) = deployed.github.world.apps.values()
    assert app.webhook_url == f"{PUBLIC}/webhook"
    found = {name: deployed.parameter(name) for name in NAMES}
    assert {one["Type"] for one in found.values()} == {"SecureString"}
    assert [found[name]["Value"] for name in NAMES] == [
        *(str(app.id), app.private_key.strip(), app.webhook_secret),
        *(app.client_id, app.client_secret),
    ]
    assert f"{deployed.github.url}/apps/mine/installations/new" in out
    assert f"dishwasher doctor --aws --stack {deployed.name}" in out
    for secret in (app.webhook_secret, app.client_secret, app.private_key):
        assert secret not in out
    assert deployed.parameter("probe") == {}


def test_a_second_app_is_made_only_where_it_is_asked_for(registered: Deployed) -> None:
    said = registered.call("app", "create", "--no-browser", code=WRONG_USAGE)
    (app,) = registered.github.world.apps
    assert f"hold the App {app}" in said and "--replace" in said


def test_the_webhook_is_pointed_at_the_stack(deployed: Deployed) -> None:
    register(deployed, "https://elsewhere.example.com")
    assert f"to {PUBLIC}/webhook" in deployed.call("app", "webhook")
    (app,) = deployed.github.world.apps.values()
    assert app.webhook_url == f"{PUBLIC}/webhook"


def test_a_stack_without_an_app_says_how_to_make_one(deployed: Deployed) -> None:
    said = deployed.call("app", "webhook", code=WRONG_USAGE)
    assert f"/{deployed.name}/private-key" in said
    assert f"dishwasher app create --aws --stack {deployed.name}" in said


def test_a_secret_is_kept_with_who_may_have_it(registered: Deployed) -> None:
    from dishwasher.aws.vault import SsmVault
    from dishwasher.local.clock import SystemClock

    (app,) = registered.github.world.apps.values()
    repo = registered.github.add_repo("acme/site", {"a": "1"})
    registered.github.install(app, "acme")
    at = ("--repository", "acme/site")
    said = registered.call("secrets", "set", "TOKEN", *at, "--branch", "main", value="s3cr3t-a\n")
    assert said == "Set TOKEN, for the branches main."
    outputs = registered.emulator.clients.client("cloudformation").describe_stacks(
        StackName=registered.name
    )["Stacks"][0]["Outputs"]
    (table,) = (one["OutputValue"] for one in outputs if one["OutputKey"] == "Table")
    prefix = f"/{registered.name}/secrets"
    vault = SsmVault(registered.emulator.clients, table, prefix, SystemClock())
    (stored,) = vault.list(repo.id)
    assert stored.slot == Slot(repo.id, "TOKEN")
    assert stored.rules == Rules(branches=Filter((Pattern("main", Syntax.EXACT),)))
    assert vault.read((stored,), 1.0) == ("s3cr3t-a",)
    ssm = registered.emulator.clients.ssm
    (one,) = ssm.get_parameters_by_path(Path=prefix, Recursive=True)["Parameters"]
    assert one["Type"] == "SecureString"

    assert "TOKEN is for the tags v*" in registered.call(
        "secrets", "allow", "TOKEN", "--repository", str(repo.id), "--tag", "v*"
    ).replace("the branches main and ", "")
    (stored,) = vault.list(repo.id)
    assert vault.read((stored,), 2.0) == ("s3cr3t-a",)
    listed = registered.call("secrets", "list", *at)
    assert "TOKEN" in listed and "s3cr3t-a" not in listed
    assert registered.call("secrets", "remove", "TOKEN", *at) == "Removed TOKEN."
    assert vault.list(repo.id) == ()
    assert ssm.get_parameters_by_path(Path=prefix, Recursive=True)["Parameters"] == []


def test_a_repository_that_the_app_does_not_see_is_named_by_its_id(registered: Deployed) -> None:
    said = registered.call("secrets", "list", "--repository", "acme/other", code=WRONG_USAGE)
    assert "not installed at acme/other" in said and "gh api repos/acme/other" in said


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "sign in"),
        ({"AWS_PROFILE": "nobody"}, "aws configure list-profiles"),
        ({"AWS_DEFAULT_REGION": ""}, "set AWS_REGION"),
        ({"AWS_REGION": "eu-central-1"}, "in eu-central-1 of this account"),
        ({"AWS_REGION": "no where"}, "set AWS_REGION"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "AWS_REGION is a region's name"),
    ],
)
def test_a_persons_mistake_is_told_with_what_to_do(
    emulator: Emulator, variables: dict[str, str], told: str
) -> None:
    words = ("app", "webhook", "--aws", "--stack", "nowhere")
    assert told in call(emulator, words, "", WRONG_USAGE, variables)


def test_what_answers_and_is_not_aws_is_told(emulator: Emulator, github: StandIn) -> None:
    variables = {"AWS_ENDPOINT_URL": f"{github.url}/nothing/here"}
    words = ("app", "webhook", "--aws")
    assert "what answers is not AWS" in call(emulator, words, "", WRONG_USAGE, variables)


def test_the_doctor_finds_a_whole_stack_well(registered: Deployed) -> None:
    said = registered.call("doctor")
    for told in (
        *(f"{registered.name} is CREATE_COMPLETE", "2, and none rings", "8, and all can run"),
        *("at once 1,000 functions in this account", "3, and functions hear from all"),
        *("dead queues empty", "2, switched on"),
        *("with backups of the last 35 days", f"5 below /{registered.name}", f"{PUBLIC}/webhook"),
    ):
        assert told in said, said
    assert "Nothing is broken" in said
    assert "dishwasher serve" not in said


@contextmanager
def answering(answers: Mapping[str, object]) -> Iterator[Account]:
    """An account whose Lambda says these things, by the path that is asked for; it has no stack."""
    from dishwasher.aws.clients import Clients
    from dishwasher.aws.stack import Resource, Stack

    class Lambda(Handler):
        def do_GET(self) -> None:
            self.tell(200, (), json.dumps(answers[self.path.rstrip("/")]).encode())

    api = Listener("Lambda", Lambda)
    api.start()
    made = {"Run": Resource("AWS::Lambda::Function", "run")}
    stack = Stack("dish", "arn:1", "CREATE_COMPLETE", {}, {}, made)
    try:
        yield Account(Clients("us-east-1", api.url), "us-east-1", stack)
    finally:
        api.close()


@pytest.mark.parametrize(
    ("reason", "level", "told"),
    [
        # Nobody has called it for weeks.
        ({"StateReasonCode": "Idle"}, Level.OK, "1, and all can run"),
        ({"StateReasonCode": "ImageDeleted", "StateReason": "no image"}, Level.FAILURE, "no image"),
    ],
)
def test_the_doctor_minds_no_function_that_is_put_away_for_want_of_calls(
    emulator: Emulator, reason: dict[str, str], level: Level, told: str
) -> None:
    # Not above: a clone without the packages for AWS reads this file too.
    from dishwasher.cli.checkup import parts

    answers = {
        quota.PATH: json.loads(quota.answered(at_once=10)),
        "/2015-03-31/functions/run/configuration": {"State": "Inactive", **reason},
        "/2019-09-30/functions/run/concurrency": {},
    }
    # The emulator alone has what stands for credentials.
    with answering(answers) as account:
        found = {one.what: one for one in parts.look(account)}
    assert found["functions"].level is level and told in found["functions"].text
    few = found["at once"]
    assert (few.level, few.text.startswith("10 functions in")) == (Level.WARNING, True)
    assert "request-service-quota-increase" in few.todo


def break_function(deployed: Deployed) -> None:
    client = deployed.client("lambda")
    name = deployed.resource("Plan")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)


def break_source(deployed: Deployed) -> None:
    id = deployed.resource("PlanDeliveries")
    deployed.client("lambda").update_event_source_mapping(UUID=id, Enabled=False)


def break_queue(deployed: Deployed) -> None:
    for _ in range(2):
        deployed.client("sqs").send_message(QueueUrl=deployed.resource("DeadJobs"), MessageBody="x")


def break_schedule(deployed: Deployed) -> None:
    client, name = deployed.client("scheduler"), deployed.resource("ReapReap")
    found = client.get_schedule(Name=name)
    kept = {"ScheduleExpression", "FlexibleTimeWindow", "Target"}
    words = {key: value for key, value in found.items() if key in kept}
    client.update_schedule(Name=name, State="DISABLED", **words)


def break_alarm(deployed: Deployed) -> None:
    name = deployed.resource("Forgotten")
    words = {"AlarmName": name, "StateValue": "ALARM", "StateReason": "tried"}
    deployed.client("cloudwatch").set_alarm_state(**words)


def break_backups(deployed: Deployed) -> None:
    deployed.client("dynamodb").update_continuous_backups(
        TableName=deployed.resource("Table"),
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False},
    )


def break_parameter(deployed: Deployed) -> None:
    deployed.client("ssm").delete_parameter(Name=f"/{deployed.name}/webhook-secret")


def open_parameter(deployed: Deployed) -> None:
    name = f"/{deployed.name}/client-id"
    deployed.client("ssm").delete_parameter(Name=name)
    deployed.client("ssm").put_parameter(Name=name, Value="Iv1", Type="String")


def break_key(deployed: Deployed) -> None:
    deployed.keep(private_key=pem())


def break_id(deployed: Deployed) -> None:
    deployed.keep(app_id="77")


@pytest.mark.parametrize(
    ("harm", "told", "todo", "code"),
    [
        (break_function, "somebody has stopped Plan", "delete-function-concurrency", FAILED),
        (break_source, "nobody hears from its queue", "--enabled --uuid", FAILED),
        (break_queue, "DeadJobs holds 2 messages that Dispatch", "start-message-move-task", FAILED),
        (break_schedule, "ReapReap is switched off", "enable", FAILED),
        (break_alarm, "The reaper does not run", "logs of its functions", FAILED),
        (break_backups, "has no backups", "update-continuous-backups", OK),
        (break_parameter, "webhook-secret missing", "dishwasher app create --aws", FAILED),
        (open_parameter, "client-id not encrypted", "put it as a SecureString", OK),
        (break_key, "the private key is not one of the App", "/private-key --value", FAILED),
        (break_id, "no App has the id 77", "/app-id --value", FAILED),
    ],
)
def test_the_doctor_says_what_is_wrong_and_what_to_do(
    registered: Deployed, harm: Callable[[Deployed], None], told: str, todo: str, code: int
) -> None:
    harm(registered)
    said = registered.call("doctor", code=code)
    assert told in said and todo in said, said


def test_the_doctor_tells_of_a_webhook_that_leads_elsewhere(deployed: Deployed) -> None:
    register(deployed, "https://elsewhere.example.com")
    said = deployed.call("doctor", code=FAILED)
    assert f"elsewhere.example.com/webhook, and we are at {PUBLIC}" in said
    assert f"dishwasher app webhook --aws --stack {deployed.name}" in said
