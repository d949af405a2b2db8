"""`env`, `runtime-versions` and the CODEBUILD_* variables."""

from __future__ import annotations

import pytest
from dishwasher.core.facts import NAMES, names
from dishwasher.core.outputs import SecretStore

from tests.formats.buildspec_files import job, mistakes, phases, warnings, with_build


def environment(text: str) -> dict[str, str]:
    return {one.name: one.value for one in job(with_build(text)).machine.environment}


def python(version: str) -> str:
    return phases(f"install: {{runtime-versions: {{python: {version}}}, commands: [make]}}")


def test_variables_are_the_text_that_stands_in_the_file() -> None:
    text = "env: {variables: {A: 3.10, B: True, C: yes, D: '', E: 0x10, F: null}}"
    written = {"A": "3.10", "B": "True", "C": "yes", "D": "", "E": "0x10", "F": "null"}
    assert environment(text) == written


def test_variables_are_not_expanded_and_one_that_should_be_is_told() -> None:
    text = "env: {variables: {A: one, B: '$A/two', C: '`date`', D: 'costs $5'}}"
    assert environment(text)["B"] == "$A/two"
    assert not any(one.expand for one in job(with_build(text)).machine.environment)
    assert warnings(with_build(text)) == ["3 not-expanded", "3 not-expanded"]


def test_parameters_and_secrets_are_kept_by_their_stores_own_names() -> None:
    text = """
        env:
          parameter-store: {A: /app/a}
          secrets-manager:
            B: app/b
            C: app/c:json-key
            D: app/d:json-key:AWSPREVIOUS
            E: app/e:::version-id
            F: arn:aws:secretsmanager:eu-west-1:123456789012:secret:f-AbCdEf:json-key
        """
    made = {one.variable: (one.store, one.reference) for one in job(with_build(text)).secrets}
    manager = SecretStore.SECRETS_MANAGER
    assert made == {
        "A": (SecretStore.PARAMETER_STORE, "/app/a"),
        "B": (manager, "app/b"),
        "C": (manager, "app/c:json-key"),
        "D": (manager, "app/d:json-key:AWSPREVIOUS"),
        "E": (manager, "app/e:::version-id"),
        "F": (manager, "arn:aws:secretsmanager:eu-west-1:123456789012:secret:f-AbCdEf:json-key"),
    }


@pytest.mark.parametrize(
    "reference", [":key", "id:key:stage:version:more", "id:key:AWSCURRENT:version-id"]
)
def test_a_secret_that_can_not_be_found_is_a_mistake(reference: str) -> None:
    text = with_build(f"env: {{secrets-manager: {{A: '{reference}'}}}}")
    assert mistakes(text) == ["3 bad-value"]


def test_a_name_that_no_shell_takes_is_a_mistake() -> None:
    text = "env: {variables: {1A: x}, parameter-store: {B-C: y}, secrets-manager: {'D E': z}}"
    assert mistakes(with_build(text)) == ["3 bad-name"] * 3


def test_a_name_that_begins_with_codebuild_is_reserved() -> None:
    text = "env: {variables: {CODEBUILD_MINE: a, CODEBUILD_SRC_DIR: b}}"
    assert environment(text) == {"CODEBUILD_MINE": "a"}
    assert warnings(with_build(text)) == ["3 reserved-name", "3 reserved-name"]


def test_a_variable_that_is_a_secret_too_is_told() -> None:
    text = "env:\n  variables: {A: plain}\n  parameter-store: {A: /a}\n"
    assert warnings(with_build(text)) == ["5 double"]


def test_exported_variables_are_neither_secrets_nor_of_aws() -> None:
    text = """
        env:
          variables: {A: one}
          parameter-store: {B: /b}
          secrets-manager: {C: c}
          exported-variables: [A, MADE_LATER, B, C, AWS_REGION, A, not-one]
        """
    assert job(with_build(text)).exported == ("A", "MADE_LATER")
    assert warnings(with_build(text)) == ["8 not-exported"] * 4


@pytest.mark.parametrize(
    ("written", "program"), [("bash", "bash"), ("/bin/sh", "sh"), ("sh", "sh")]
)
def test_the_shell_is_bash_or_sh(written: str, program: str) -> None:
    assert job(with_build(f"env: {{shell: {written}}}")).program == program
    assert job(with_build("env: {}")).program == "sh"


@pytest.mark.parametrize("shell", ["powershell.exe", "cmd.exe"])
def test_a_shell_of_windows_is_refused(shell: str) -> None:
    assert mistakes(with_build(f"env: {{shell: {shell}}}")) == ["3 windows"]


def test_any_other_shell_is_a_mistake() -> None:
    assert mistakes(with_build("env: {shell: zsh}")) == ["3 unknown-value"]


def test_version_0_1_has_its_variables_under_another_name() -> None:
    text = "environment_variables: {plaintext: {A: one}}\nphases: {build: {commands: [make]}}\n"
    made = job(f"version: 0.1\n{text}")
    assert [(one.name, one.value) for one in made.machine.environment] == [("A", "one")]
    assert warnings(f"version: 0.2\n{text}") == ["2 unknown-key"]


def test_gits_credentials_have_no_effect_and_say_so() -> None:
    assert warnings(with_build("env: {git-credential-helper: yes}")) == ["3 no-effect"]
    assert warnings(with_build("env: {git-credential-helper: no}")) == []


def test_the_proxys_switches_are_read() -> None:
    assert warnings(with_build("proxy: {upload-artifacts: no, logs: yes}")) == []
    assert mistakes(with_build("proxy: {logs: maybe}")) == ["3 wrong-type"]


def test_the_projects_own_variables_are_the_repositorys_secrets() -> None:
    assert job(with_build("")).all_secrets


@pytest.mark.parametrize(
    ("written", "version"),
    [("3.10", "3.10"), ("3.x", "3"), ("latest", "latest"), ('"3.12"', "3.12")],
)
def test_a_python_version_is_the_machines(written: str, version: str) -> None:
    machine = job(python(written)).machine
    assert (machine.python, machine.virtualenv) == (version, True)


def test_other_languages_are_the_machines_too() -> None:
    text = "install: {runtime-versions: {nodejs: 20.x, java: corretto17, golang: 1.22}}\n"
    machine = job(phases(text + "build: {commands: [make]}")).machine
    assert machine.node == "20"
    assert machine.others == (("java", "corretto17"), ("golang", "1.22"))


def test_a_version_may_be_a_variable_of_the_file() -> None:
    text = "env: {variables: {PYTHON: 3.12}}\n"
    assert job(python("$PYTHON") + "\n" + text).machine.python == "3.12"
    assert job(python('"${PYTHON}"') + "\n" + text).machine.python == "3.12"
    assert warnings(python("$OTHER") + "\n" + text) == ["3 unknown-variable"]
    assert job(python("$OTHER")).machine.python == ""


def test_a_version_that_is_none_is_a_mistake_and_a_language_that_is_none_a_warning() -> None:
    assert mistakes(python("three")) == ["3 bad-value"]
    text = phases("install: {runtime-versions: {pyhton: 3.12}, commands: [make]}")
    assert warnings(text) == ["3 unknown-runtime"]


def test_runtime_versions_count_in_install_alone() -> None:
    text = phases("build: {runtime-versions: {python: 3.12}, commands: [make]}")
    assert job(text).machine.python == ""
    assert warnings(text) == ["3 no-effect"]


@pytest.mark.parametrize(
    ("command", "made"),
    [
        ("pip install -r requirements.txt", True),
        ("cd app && pip3 install .", True),
        ("python3 -m pip install tox", True),
        ("pipenv install", False),
        ("npm install", False),
    ],
)
def test_pip_gets_an_environment_of_the_jobs_own(command: str, made: bool) -> None:
    assert job(phases(f"build: {{commands: ['{command}']}}")).machine.virtualenv is made


def test_codebuilds_variables_are_templates_of_what_is_known() -> None:
    facts = dict(job(with_build("")).facts)
    assert facts["CODEBUILD_RESOLVED_SOURCE_VERSION"] == "{sha}"
    assert facts["CODEBUILD_WEBHOOK_TRIGGER"] == "{version}"
    assert facts["CODEBUILD_SRC_DIR"] == "{checkout}"
    assert facts["AWS_DEFAULT_REGION"] == "{region}"
    assert all(names(template) <= NAMES for template in facts.values())


@pytest.mark.parametrize(
    "name",
    """
    BUILD_ARN BUILD_ID BUILD_IMAGE BUILD_NUMBER INITIATOR LOG_PATH PUBLIC_BUILD_URL
    RESOLVED_SOURCE_VERSION SOURCE_REPO_URL SOURCE_VERSION SRC_DIR START_TIME
    WEBHOOK_ACTOR_ACCOUNT_ID WEBHOOK_BASE_REF WEBHOOK_EVENT WEBHOOK_PREV_COMMIT WEBHOOK_HEAD_REF
    WEBHOOK_TRIGGER
    """.split(),  # noqa: SIM905
)
def test_each_variable_of_codebuild_is_there(name: str) -> None:
    assert f"CODEBUILD_{name}" in dict(job(with_build("")).facts)


def test_a_file_sets_the_region_itself_where_it_likes() -> None:
    text = with_build("env: {variables: {AWS_REGION: us-east-1}}")
    assert environment("env: {variables: {AWS_REGION: us-east-1}}") == {"AWS_REGION": "us-east-1"}
    assert "AWS_REGION" not in dict(job(text).facts)
