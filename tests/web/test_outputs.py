from __future__ import annotations

from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import Reason
from dishwasher.core.result import Artifact, Result
from dishwasher.web import outputs
from dishwasher.web.tone import Tone

from tests.web.sample import SHA, job


def test_findings_are_shown_worst_first() -> None:
    found = (
        Finding("a.py", 3, 3, Level.NOTICE, "n"),
        Finding("dir/ü <x>.py", 0, 0, Level.FAILURE, "f", "E1"),
    )
    shown = outputs.findings(Result(Reason.OK, "", findings=found), SHA, "https://h/acme/site")
    assert [view.tone for view in shown] == [Tone.BAD, Tone.NOTE]
    assert shown[0].place == "dir/ü <x>.py:1"
    assert shown[0].url == f"https://h/acme/site/blob/{SHA}/dir/%C3%BC%20%3Cx%3E.py#L1"
    many = Result(Reason.OK, "", findings=found * 500)
    assert len(outputs.findings(many, SHA, "")) == outputs.FINDINGS_SHOWN
    assert outputs.findings(None, SHA, "") == ()


def test_several_artifacts_can_be_had_as_one_file() -> None:
    def links(*paths: str) -> list[tuple[str, str, str]]:
        kept = [Artifact(path, 1000, "0" * 64) for path in paths]
        return [(one.path, one.url, one.size) for one in outputs.bundles(job(), kept)]

    everything = "/jobs/b1-0/artifacts.tar.gz"
    assert links() == links("docs/a") == []
    assert links("a", "docs/b") == [("all of them", everything, "2.0 KB")]
    assert links("docs/a", "docs/b") == [("all of them", everything, "2.0 KB")]
    assert links("x", "d o&c/a", "d o&c/b") == [
        ("all of them", everything, "3.0 KB"),
        ("d o&c/", f"{everything}?folder=d%20o%26c", "2.0 KB"),
    ]


def test_artifacts_link_to_themselves() -> None:
    (view,) = outputs.artifacts(job(), [Artifact("a b/ü.txt", 1500, "0" * 64)])
    assert (view.path, view.size) == ("a b/ü.txt", "1.5 KB")
    assert view.url == "/jobs/b1-0/artifacts/a%20b/%C3%BC.txt"
