"""MicroVMs are asked for as botocore's model of the service has it; nothing else can be tried."""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest
from dishwasher.aws.sizes import MEBIBYTE, MICROVM_MEMORY
from dishwasher.core.size import Size
from dishwasher.core.ticket import Bootstrap
from dishwasher.errors import InfraError, Throttled
from dishwasher.runner import hook

from tests.aws.emulator import REGION, environment, require
from tests.aws.template import ROOT
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.clock import NOON, FakeClock

IMAGE = "arn:aws:lambda:us-east-1:123456789012:microvm-image:runner"
BOOTSTRAP = Bootstrap("https://bot.example", "b-0.1", "code")
SIZE = Size("microvm", seconds=600.0)


@dataclass
class Service:
    """The two calls; `fault` is a status and AWS's word for it."""

    port: int = 0
    fault: tuple[int, str] | None = None
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By the client's token."""
    terminated: list[str] = field(default_factory=list)

    def run(self, words: dict[str, Any]) -> dict[str, Any]:
        self.made.setdefault(words["clientToken"], words)
        number = list(self.made).index(words["clientToken"])
        return {
            "microvmId": f"vm-{number}",
            "state": "PENDING",
            "endpoint": f"https://vm-{number}.lambda-microvm.us-east-1.on.aws",
            "imageArn": words["imageIdentifier"],
            "imageVersion": "1",
            "maximumDurationInSeconds": words["maximumDurationInSeconds"],
            "startedAt": NOON,
        }


@pytest.fixture(scope="module")
def server() -> Iterator[Service]:
    require()
    known = Service()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(known)) as http:
        known.port = http.server_port
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield known
        http.shutdown()
        thread.join()


def _handler(known: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def do_POST(self) -> None:
            body = json.loads(self._body())
            assert self.path == "/2025-09-09/microvms"
            if known.fault:
                status, word = known.fault
                self._answer(status, {"message": "not now"}, word)
            else:
                self._answer(200, known.run(body))

        def do_DELETE(self) -> None:
            known.terminated.append(unquote(self.path.rpartition("/")[2]))
            status, word = known.fault or (200, "")
            self._answer(status, {"message": "gone"} if word else {}, word)

        def _answer(self, status: int, words: dict[str, Any], error: str = "") -> None:
            data = json.dumps(words).encode()
            self.send_response(status)
            if error:
                self.send_header("x-amzn-ErrorType", error)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Tests are silent."""

    return Handler


@pytest.fixture(scope="module")
def fleets(server: Service) -> Iterator[Any]:
    with environment():
        from dishwasher.aws.clients import Clients
        from dishwasher.aws.microvm import MicrovmFleet

        clients = Clients(REGION, f"http://127.0.0.1:{server.port}")
        yield MicrovmFleet(clients, FakeClock(), IMAGE, MemoryBlobs(FakeClock()))


@pytest.fixture
def service(server: Service) -> Service:
    server.fault = None
    server.made.clear()
    server.terminated.clear()
    return server


def test_one_is_made_for_each_attempt_and_gets_no_role(service: Service, fleets: Any) -> None:
    fleets.start(BOOTSTRAP, "7", SIZE)
    (words,) = service.made.values()
    assert json.loads(words.pop("runHookPayload")) == {
        "url": "https://bot.example",
        "attempt": "b-0.1",
        "code": "code",
    }
    assert words == {
        "imageIdentifier": IMAGE,
        "clientToken": "b-0.1",
        "maximumDurationInSeconds": 1200,
        "logging": {"disabled": {}},
    }


def test_a_call_that_is_repeated_makes_nothing_new(service: Service, fleets: Any) -> None:
    for _ in range(2):
        fleets.start(BOOTSTRAP, "7", SIZE)
    assert len(service.made) == 1


def test_it_lives_no_longer_than_the_platform_lets_it(service: Service, fleets: Any) -> None:
    fleets.start(BOOTSTRAP, "7", Size("microvm", seconds=1e6))
    (words,) = service.made.values()
    assert words["maximumDurationInSeconds"] == 28_800


def test_a_limit_says_when_to_come_back(service: Service, fleets: Any) -> None:
    service.fault = (402, "ServiceQuotaExceededException")
    with pytest.raises(Throttled, match="ServiceQuotaExceededException not now") as raised:
        fleets.start(BOOTSTRAP, "7", SIZE)
    assert raised.value.retry_at == NOON + 60


def test_what_it_does_not_let_us_do_is_ours(service: Service, fleets: Any) -> None:
    service.fault = (403, "AccessDeniedException")
    with pytest.raises(InfraError, match=r"a runner for b-0\.1: AccessDeniedException"):
        fleets.start(BOOTSTRAP, "7", SIZE)
    assert not service.made


def test_the_one_of_an_attempt_is_terminated(service: Service, fleets: Any) -> None:
    fleets.start(Bootstrap("https://bot.example", "b-1.1", "code"), "7", SIZE)
    fleets.start(BOOTSTRAP, "7", SIZE)
    fleets.stop("b-0.1")
    assert service.terminated == ["vm-1"]


def test_nobody_is_asked_for_one_that_never_was(service: Service, fleets: Any) -> None:
    fleets.stop("b-9.9")
    assert service.terminated == []


def test_one_that_is_forgotten_has_ended(service: Service, fleets: Any) -> None:
    fleets.start(BOOTSTRAP, "7", SIZE)
    service.fault = (404, "ResourceNotFoundException")
    fleets.stop("b-0.1")
    service.fault = (403, "AccessDeniedException")
    with pytest.raises(InfraError, match="can not stop the runner"):
        fleets.stop("b-0.1")


def test_the_command_that_makes_an_image_is_one_of_the_services_model() -> None:
    """Of docs/aws.md, with the hooks that the image's program hears, on its port."""
    require()
    from botocore.session import get_session
    from botocore.validate import ParamValidator

    page = (ROOT / "docs" / "aws.md").read_text()
    command = page[
        page.index("aws lambda-microvms create") : page.index("`dishwasher-microvm` takes")
    ]
    words = dict(zip(*[iter(shlex.split(command.replace("\\\n", " "))[3:])] * 2, strict=True))
    hooks = json.loads(words["--hooks"])
    resources, artifact = (
        dict([words[name].split("=")]) for name in ("--resources", "--code-artifact")
    )
    asked = {
        **{"name": words["--name"], "baseImageArn": words["--base-image-arn"]},
        **{"buildRoleArn": words["--build-role-arn"], "codeArtifact": artifact, "hooks": hooks},
        "resources": [{name: int(number) for name, number in resources.items()}],
        "additionalOsCapabilities": [words["--additional-os-capabilities"]],
    }
    model = get_session().get_service_model("lambda-microvms")
    shape = model.operation_model("CreateMicrovmImage").input_shape
    report = ParamValidator().validate(asked, shape)
    assert not report.has_errors(), report.generate_report()
    assert shape is not None and len(asked) == len(words)
    assert hooks["port"] == hook.PORT
    assert hooks["microvmHooks"]["run"] == hooks["microvmImageHooks"]["ready"] == "ENABLED"
    # So much of the baseline is what `sizes` says that a job has.
    assert resources["minimumMemoryInMiB"] == str(MICROVM_MEMORY // MEBIBYTE)
