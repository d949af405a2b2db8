"""The format of a file that somebody names, told from its name or its content."""

from __future__ import annotations

import pytest
from dishwasher.formats.recognise import by_content, by_name


@pytest.mark.parametrize(
    ("path", "format"),
    [
        (".dishwasher.yml", "native"),
        ("site/.dishwasher.yaml", "native"),
        ("circle.yml", "circle"),
        ("old/circle-nightly.yml", "circle"),
        ("buildspec.yml", "buildspec"),
        ("ci/deploy.buildspec.yaml", "buildspec"),
        ("Buildspec_Lint.yml", "buildspec"),
        ("ci.yml", ""),
        (".circleci/config.yml", ""),
        ("buildspec/ci.yml", ""),
        ("semicircle.yml", ""),
    ],
)
def test_the_name_tells_the_format(path: str, format: str) -> None:
    assert by_name(path) == format


@pytest.mark.parametrize(
    ("text", "format", "why"),
    [
        ("checks:\n  a: b\n", "native", "because of its key `checks`"),
        ("machine:\n  python: 3\ndeployments: {}\n", "native", "because of its key `deployments`"),
        ("machine: {}\ntest:\n  override: [make]\n", "circle", "because of its key `test`"),
        ("version: 0.2\n\nphases:\n  build: {}\n", "buildspec", "because of its key `phases`"),
        ("version: 0.2\nartifacts: {files: a}\n", "buildspec", "because of its key `version`"),
        ("dependencies: [make]\n", "native", "because nothing in it tells another format"),
        ("", "native", "because nothing in it tells another format"),
        ('\ufeff"phases": {build: {}}\r\n', "buildspec", "because of its key `phases`"),
        ("phases:\n\t- broken: [\n", "buildspec", "because of its key `phases`"),
    ],
)
def test_the_keys_at_the_top_tell_the_format(text: str, format: str, why: str) -> None:
    found = by_content(text.encode())
    assert (found.format, found.why, found.foreign) == (format, why, "")


@pytest.mark.parametrize(
    ("text", "service", "line"),
    [
        ("version: 2.1\norbs: {}\njobs:\n  build: {}\n", "CircleCI 2", 3),
        ("name: CI\non: push\njobs: {}\n", "GitHub Actions", 3),
        ("stages: [test]\nunit:\n  stage: test\n  script: make\n", "GitLab CI", 1),
        ("language: python\nscript: make\n", "Travis CI", 1),
        ("stages: [test]\ntest:\n  script: make\n", "GitLab CI", 1),
    ],
)
def test_a_file_of_another_service_is_recognised(text: str, service: str, line: int) -> None:
    found = by_content(text.encode())
    assert (found.foreign, found.line, found.format) == (service, line, "")


def test_bytes_that_are_no_text_are_no_reason_to_fail() -> None:
    assert by_content(b"\xff\xfe\x00c\x00h").format == "native"
