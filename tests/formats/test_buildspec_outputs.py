"""`artifacts`, `reports` and `cache`."""

from __future__ import annotations

import pytest
from dishwasher.core.outputs import ArtifactSet, Cache, ReportFormat, ReportSet

from tests.formats.buildspec_files import job, mistakes, warnings, with_build


def artifacts(text: str) -> tuple[ArtifactSet, ...]:
    return job(with_build(f"artifacts: {text}")).artifacts


def reports(text: str) -> tuple[ReportSet, ...]:
    return job(with_build(f"reports: {text}")).reports


def cache(text: str) -> Cache:
    (only,) = job(with_build(f"cache: {text}")).caches
    return only


def test_artifacts_are_kept_if_and_only_if_build_began() -> None:
    (made,) = artifacts("{files: ['**/*']}")
    assert (made.files, made.after, made.always) == (("**/*",), "build", True)


@pytest.mark.parametrize(
    ("phases", "run"),
    [
        ("{install: {commands: [a]}}", ["install", "build"]),
        ("{post_build: {commands: [a]}}", ["build", "post_build"]),
        ("{pre_build: {commands: [a]}, build: {commands: [b]}}", ["pre_build", "build"]),
    ],
)
def test_a_build_without_commands_begins_all_the_same(phases: str, run: list[str]) -> None:
    made = job(f"version: 0.2\nphases: {phases}\nartifacts: {{files: a}}\n")
    assert [phase.name for phase in made.phases] == run


def test_artifacts_have_all_their_settings() -> None:
    text = "{files: [a, b], base-directory: 'out/*', exclude-paths: '**/*.map', "
    text += "discard-paths: yes, enable-symlinks: yes, name: site, s3-prefix: x}"
    made = ArtifactSet(
        ("a", "b"), "site", "out/*", ("**/*.map",), flat=True, symlinks=True, after="build"
    )
    assert artifacts(text) == (made,)


def test_artifacts_need_files_even_where_only_secondary_ones_matter() -> None:
    text = "artifacts: {secondary-artifacts: {docs: {files: '**/*'}}}"
    assert mistakes(with_build(text)) == ["3 missing-files"]


def test_secondary_artifacts_have_folders_of_their_own() -> None:
    text = "{files: a, secondary-artifacts: {docs: {files: b, base-directory: out}, "
    text += "app: {files: c, name: app-2}}}"
    assert [(one.files, one.name, one.base) for one in artifacts(text)] == [
        (("a",), "", ""),
        (("b",), "docs", "out"),
        (("c",), "app-2", ""),
    ]


def test_an_artifacts_name_goes_through_the_shell() -> None:
    (made,) = artifacts("{files: a, name: 'app-$(date +%F)'}")
    assert (made.name, made.evaluated) == ("app-$(date +%F)", True)
    assert not artifacts("{files: a, name: app}")[0].evaluated


def test_the_source_directory_is_the_checkout() -> None:
    text = "{files: '$CODEBUILD_SRC_DIR/a', base-directory: '${CODEBUILD_SRC_DIR}/out/'}"
    (made,) = artifacts(text)
    assert (made.files, made.base, made.evaluated) == (("a",), "out", False)


@pytest.mark.parametrize("path", ["/tmp/report.txt", "../other/**/*", "~/x"])
def test_a_path_outside_the_checkout_is_not_kept_and_says_so(path: str) -> None:
    text = with_build(f"artifacts: {{files: [kept, '{path}']}}")
    assert job(text).artifacts[0].files == ("kept",)
    assert warnings(text) == ["3 bad-path"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("JUNITXML", ReportFormat.JUNIT),
        ("CUCUMBERJSON", ReportFormat.CUCUMBER),
        ("NUNITXML", ReportFormat.NUNIT),
        ("NUNIT3XML", ReportFormat.NUNIT3),
        ("TESTNGXML", ReportFormat.TESTNG),
        ("VISUALSTUDIOTRX", ReportFormat.TRX),
        ("CLOVERXML", ReportFormat.CLOVER),
        ("COBERTURAXML", ReportFormat.COBERTURA),
        ("JACOCOXML", ReportFormat.JACOCO),
        ("SIMPLECOV", ReportFormat.SIMPLECOV),
        ("JunitXml", ReportFormat.JUNIT),
    ],
)
def test_every_format_of_reports_is_known(written: str, read: ReportFormat) -> None:
    (made,) = reports(f"{{tests: {{files: a.xml, file-format: {written}}}}}")
    assert made.format is read


def test_a_report_is_junit_where_nothing_else_is_said() -> None:
    made = reports("{tests: {files: ['a.xml', 'b.xml'], base-directory: out, discard-paths: no}}")
    assert made == (ReportSet(ReportFormat.JUNIT, ("a.xml", "b.xml"), "tests", "out"),)


def test_a_report_group_may_be_named_by_its_arn() -> None:
    arn = "arn:aws:codebuild:eu-west-1:123456789012:report-group/app-tests"
    (made,) = reports(f"{{'{arn}': {{files: a.xml}}}}")
    assert made.name == "app-tests"


def test_there_are_at_most_five_report_groups() -> None:
    five = ", ".join(f"g{number}: {{files: a}}" for number in range(5))
    assert len(reports(f"{{{five}}}")) == 5
    assert mistakes(with_build(f"reports: {{{five}, g5: {{files: a}}}}")) == ["3 too-many-reports"]


def test_an_unknown_format_and_missing_files_are_mistakes() -> None:
    assert mistakes(with_build("reports: {t: {files: a, file-format: JUNIT}}")) == [
        "3 unknown-value"
    ]
    assert mistakes(with_build("reports: {t: {file-format: JUNITXML}}")) == ["3 missing-files"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("node_modules/**/*", "node_modules"),
        ("./vendor/", "vendor"),
        ("/root/.m2/**/*", "~/.m2"),
        ("/root/.cache/pip", "~/.cache/pip"),
        ("~/.npm/**", "~/.npm"),
        ("$HOME/.gradle/*", "~/.gradle"),
        ("$CODEBUILD_SRC_DIR/.tox", ".tox"),
    ],
)
def test_a_caches_paths_are_directories_of_the_checkout_or_of_the_home(
    written: str, kept: str
) -> None:
    assert cache(f"{{paths: ['{written}']}}").paths == (kept,)


@pytest.mark.parametrize("path", ["/var/lib/docker", "/", "../x", "~", "/rootless/x", "~other/x"])
def test_any_other_path_is_not_kept_and_says_so(path: str) -> None:
    text = with_build(f"cache: {{paths: ['{path}']}}")
    assert job(text).caches == ()
    assert warnings(text) == ["3 bad-path"]


def test_a_caches_key_hashes_files() -> None:
    made = cache("{paths: a, key: 'npm-$(codebuild-hash-files package-lock.json \"b/*.json\")'}")
    assert (made.key, made.files) == ("npm-", ("package-lock.json", "b/*.json"))
    made = cache("{paths: a, key: plain-$CODEBUILD_WEBHOOK_HEAD_REF}")
    assert (made.key, made.files) == ("plain-$CODEBUILD_WEBHOOK_HEAD_REF", ())


def test_any_other_command_in_a_key_is_told() -> None:
    text = with_build("cache: {paths: a, key: 'npm-$(date +%F)'}")
    assert warnings(text) == ["3 key-command"]
    assert job(text).caches[0].key == "npm-"


def test_a_cache_has_at_most_five_fallback_keys() -> None:
    assert cache("{paths: a, key: b, fallback-keys: [b-, c-]}").fallbacks == ("b-", "c-")
    text = with_build("cache: {paths: a, fallback-keys: [a, b, c, d, e, f]}")
    assert mistakes(text) == ["3 too-many-keys"]


@pytest.mark.parametrize(
    ("action", "restores", "saves"),
    [("restore", True, False), ("save", False, True), ("[restore, save]", True, True)],
)
def test_a_caches_action_says_what_alone_is_done(action: str, restores: bool, saves: bool) -> None:
    made = cache(f"{{paths: a, action: {action}}}")
    assert (made.restore, made.save) == (restores, saves)


def test_a_cache_is_restored_and_saved_and_needs_paths() -> None:
    made = cache("{paths: a}")
    assert (made.restore, made.save) == (True, True)
    assert mistakes(with_build("cache: {key: a}")) == ["3 missing-paths"]
    assert mistakes(with_build("cache: {paths: a, action: both}")) == ["3 unknown-value"]
