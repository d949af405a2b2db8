"""`batch`: lists, graphs, matrices, and buildspecs of their own."""

from __future__ import annotations

import pytest
from dishwasher.core.config import JOBS
from dishwasher.core.facts import fill

from tests.formats.buildspec_files import config, job, mistakes, warnings, with_build

LINT = """
    version: 0.2
    phases:
      build:
        commands:
          - flake8
    """


def batch(text: str, phases: str = "{build: {commands: [make]}}") -> str:
    """A file with this batch, written in flow style."""
    return f"version: 0.2\nphases: {phases}\nbatch: {text}\n"


def names(text: str) -> list[str]:
    return [one.name for one in config(text).jobs]


def variables(text: str, number: int = 0) -> dict[str, str]:
    machine = config(text).jobs[number].machine
    return {one.name: one.value for one in machine.environment}


def test_each_build_of_a_list_is_a_job() -> None:
    text = batch("{build-list: [{identifier: a}, {env: {variables: {A: 1}}}, {identifier: c}]}")
    assert names(text) == ["a", "build1", "c"]


def test_a_builds_variables_go_before_the_files_own() -> None:
    text = batch("{build-list: [{identifier: a, env: {variables: {A: entry, C: new}}}]}")
    text += "env: {variables: {A: file, B: file}}\n"
    assert variables(text) == {"A": "entry", "B": "file", "C": "new"}


def test_a_build_knows_its_identifier_and_its_image() -> None:
    text = batch("{build-list: [{identifier: a, env: {image: 'aws/codebuild/standard:7.0'}}]}")
    facts = dict(job(text).facts)
    assert fill(facts["CODEBUILD_BATCH_BUILD_IDENTIFIER"], {}) == "a"
    assert fill(facts["CODEBUILD_BUILD_IMAGE"], {}) == "aws/codebuild/standard:7.0"
    assert job(text).machine.image == "aws/codebuild/standard:7.0"
    assert warnings(text) == ["3 image"]


def test_a_graph_runs_in_the_order_of_its_needs() -> None:
    text = "{build-graph: [{identifier: b, depend-on: [a]}, {identifier: a}]}"
    assert [(one.name, one.needs) for one in config(batch(text)).jobs] == [("b", ("a",)), ("a", ())]


def test_depend_on_may_be_one_name() -> None:
    text = "{build-graph: [{identifier: a}, {identifier: b, depend-on: a}]}"
    assert config(batch(text)).jobs[1].needs == ("a",)


@pytest.mark.parametrize(
    ("graph", "code"),
    [
        ("[{identifier: a, depend-on: [b]}]", "unknown-need"),
        ("[{identifier: a, depend-on: [b]}, {identifier: b, depend-on: [a]}]", "cycle"),
        ("[{depend-on: []}]", "missing-identifier"),
        ("[{identifier: a}, {identifier: a}]", "duplicate-name"),
    ],
)
def test_a_graph_that_can_not_be_walked_is_a_mistake(graph: str, code: str) -> None:
    assert f"3 {code}" in mistakes(batch(f"{{build-graph: {graph}}}"))


def test_a_misspelt_depend_on_is_a_warning_with_a_suggestion() -> None:
    made = config(batch("{build-graph: [{identifier: a, depends-on: [b]}]}"))
    (told,) = made.warnings
    assert (told.code, told.suggestion) == ("unknown-key", "Did you mean `depend-on`?")


def test_an_ignored_failure_fails_nothing_else() -> None:
    text = "{build-list: [{identifier: a, ignore-failure: true}, {identifier: b}]}"
    assert [one.allow_failure for one in config(batch(text)).jobs] == [True, False]


def test_fast_fail_ends_the_rest() -> None:
    assert config(batch("{fast-fail: true, build-list: [{identifier: a}]}")).fail_fast
    assert not config(batch("{build-list: [{identifier: a}]}")).fail_fast


def test_a_matrix_has_a_job_for_each_combination() -> None:
    text = "{build-matrix: {dynamic: {env: {variables: {A: [1, 2], B: [x, y]}}}}}"
    wanted = ["build (1, x)", "build (1, y)", "build (2, x)", "build (2, y)"]
    assert names(batch(text)) == wanted
    assert config(batch(text)).jobs[2].matrix == (("A", "2"), ("B", "x"))
    assert variables(batch(text), 2) == {"A": "2", "B": "x"}


def test_a_matrix_has_images_buildspecs_and_one_value_without_a_list() -> None:
    text = "{build-matrix: {dynamic: {buildspec: [a.yml], env: {image: [x/one:1, x/two:1], "
    text += "variables: {A: v}}}}}"
    made = config(batch(text), a_yml=LINT)
    assert [one.name for one in made.jobs] == ["build (a.yml, one:1, v)", "build (a.yml, two:1, v)"]
    assert [one.machine.image for one in made.jobs] == ["x/one:1", "x/two:1"]
    assert made.jobs[0].steps[0].command == "flake8"


def test_what_is_static_holds_for_every_build_of_a_matrix() -> None:
    text = "{build-matrix: {static: {ignore-failure: true, env: {type: LINUX_CONTAINER, "
    text += "variables: {S: s}}}, dynamic: {env: {variables: {A: [1, 2]}}}}}"
    made = config(batch(text))
    assert [one.allow_failure for one in made.jobs] == [True, True]
    assert variables(batch(text)) == {"S": "s", "A": "1"}


def test_a_matrix_whose_names_would_not_fit_is_numbered() -> None:
    long = "x" * 90
    text = f"{{build-matrix: {{dynamic: {{env: {{variables: {{A: [{long}, {long}y]}}}}}}}}}}"
    assert names(batch(text)) == ["build (1)", "build (2)"]


def test_a_matrix_chooses_the_version_of_a_language() -> None:
    phases = "{install: {runtime-versions: {python: $PY}}, build: {commands: [tox]}}"
    text = "{build-matrix: {dynamic: {env: {variables: {PY: [3.9, 3.10]}}}}}"
    made = config(batch(text, phases))
    assert [one.machine.python for one in made.jobs] == ["3.9", "3.10"]


def test_a_mistake_that_every_build_comes_upon_is_told_once() -> None:
    phases = "{install: {runtime-versions: {python: $NONE}}, build: {commands: [tox]}}"
    text = "{build-matrix: {dynamic: {env: {variables: {A: [1, 2, 3]}}}}}"
    assert warnings(batch(text, phases)) == ["2 unknown-variable"]


def test_more_builds_than_the_cap_are_a_mistake() -> None:
    values = ", ".join(map(str, range(30)))
    axes = f"{{A: [{values}], B: [{values}]}}"
    text = f"{{build-matrix: {{dynamic: {{env: {{variables: {axes}}}}}}}}}"
    assert mistakes(batch(text)) == ["3 too-many-jobs"]
    entries = ", ".join(f"{{identifier: a{number}}}" for number in range(JOBS + 1))
    assert mistakes(batch(f"{{build-list: [{entries}]}}")) == ["3 too-many-jobs"]


def test_a_matrix_that_nobody_could_count_is_a_mistake() -> None:
    axes = ", ".join(f"A{number}: [1, 2]" for number in range(3000))
    text = f"{{build-matrix: {{dynamic: {{env: {{variables: {{{axes}}}}}}}}}}}"
    assert "3 too-many-jobs" in mistakes(batch(text))


def test_a_build_has_a_buildspec_of_the_repository() -> None:
    text = batch("{build-list: [{identifier: lint, buildspec: ./ci/lint.yml}]}")
    (made,) = config(text, ci__lint_yml=LINT).jobs
    (step,) = made.steps
    assert (step.command, step.line) == ("flake8", 3)


def test_a_file_whose_builds_all_have_their_own_needs_no_phases() -> None:
    text = "version: 0.2\nbatch: {build-list: [{identifier: a, buildspec: a.yml}]}\n"
    assert job(text, a_yml=LINT).name == "a"
    text = "version: 0.2\nbatch: {build-list: [{identifier: a}]}\n"
    assert mistakes(text) == ["2 missing-phases"]


def test_a_buildspec_may_stand_in_the_batch_and_keeps_its_lines() -> None:
    text = """\
        version: 0.2
        batch:
          build-list:
            - identifier: lint
              buildspec: |
                version: 0.2
                phases:
                  build:
                    commands:
                      - flake8
        """
    (step,) = job(text).steps
    assert (step.command, step.line) == ("flake8", 10)
    assert mistakes(text.replace("build:\n", "biuld:\n")) == ["8 unknown-key"]


def test_a_buildspec_that_is_not_there_is_a_mistake() -> None:
    text = batch("{build-list: [{identifier: a, buildspec: ci/lnit.yml}]}")
    assert mistakes(text, ci__lint_yml=LINT) == ["3 missing-file"]
    text = batch("{build-list: [{identifier: a, buildspec: 'arn:aws:s3:::b/a.yml'}]}")
    assert mistakes(text) == ["3 missing-file"]


def test_a_mistake_in_another_file_is_told_where_it_is_named() -> None:
    text = batch("{build-list: [{identifier: a, buildspec: a.yml}]}")
    assert mistakes(text, a_yml="version: 0.2\nphases: {biuld: {commands: [x]}}") == [
        "3 unknown-key"
    ]
    assert mistakes(text, a_yml="phases: [") == ["3 syntax"]
    assert mistakes(text, a_yml="") == ["3 empty"]
    assert mistakes(text, a_yml="version: 0.2") == ["3 missing-phases"]
    assert mistakes(text, a_yml="- x") == ["3 wrong-type"]


def test_a_batch_in_a_batch_is_not_read_and_says_so() -> None:
    text = batch("{build-list: [{identifier: a, buildspec: buildspec.yml}]}")
    inner = "version: 0.2\nbatch: {}\nphases: {build: {commands: [x]}}"
    assert warnings(text, buildspec_yml=inner) == ["3 no-effect"]


def test_a_machine_that_runs_no_linux_is_refused() -> None:
    for env in ("type: WINDOWS_SERVER_2022_CONTAINER", "image: aws/codebuild/windows-base:2.0"):
        text = batch(f"{{build-list: [{{identifier: a, env: {{{env}}}}}]}}")
        assert mistakes(text) == ["3 windows"]


def test_privileged_mode_has_no_effect_and_says_so() -> None:
    text = "{build-list: [{identifier: a, env: {privileged-mode: true}}]}"
    assert warnings(batch(text)) == ["3 docker"]


def test_a_fanout_is_one_job_that_runs_all_tests() -> None:
    text = batch("{build-fanout: {parallelism: 4, ignore-failure: true}}")
    assert [(one.name, one.allow_failure) for one in config(text).jobs] == [("build", True)]
    assert warnings(text) == ["3 fanout"]
    assert mistakes(batch("{build-fanout: {parallelism: 0}}")) == ["3 bad-value"]
    assert mistakes(batch("{build-fanout: {}}")) == ["3 missing-parallelism"]


def test_a_batch_is_of_one_kind() -> None:
    text = "{build-list: [{identifier: a}], build-graph: [{identifier: b}]}"
    assert "3 batch" in mistakes(batch(text))
    assert "3 batch" in mistakes(batch("{fast-fail: true}"))


def test_an_empty_batch_is_a_mistake() -> None:
    assert mistakes(with_build("batch: {build-list: []}")) != []
