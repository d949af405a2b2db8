from __future__ import annotations

import json

from dishwasher.core.codec import decode, encode
from dishwasher.core.ticket import PROTOCOL, Bootstrap, Claimed, Limits, Source, Ticket

from tests.samples import spec


def test_a_bootstrap_is_under_a_kilobyte() -> None:
    url, attempt = f"https://{'x' * 200}.example.test:65535/prefix", f"{'f' * 20}-49.3"
    assert len(json.dumps(encode(Bootstrap(url, attempt, "c" * 64)))) < 1024


def test_a_ticket_survives_the_way_to_the_runner() -> None:
    ticket = Ticket(
        PROTOCOL,
        "build-0",
        1,
        spec("lint", steps=("flake8",), annotate=("flake8",)),
        Source("https://github.com/acme/site.git", "a" * 40, "", "ghs_token"),
        (("DISHWASHER_JOB", "lint"),),
        Limits(),
    )
    claimed = Claimed("token", ticket)
    assert decode(Claimed, json.loads(json.dumps(encode(claimed)))) == claimed


def test_a_runner_hears_of_its_end_before_the_server_gives_its_job_away() -> None:
    assert Limits().beat_seconds * 3 <= Limits().lease_seconds
