"""What the repository's files imply, for Python and Node, as CircleCI 1.0 inferred it."""

from __future__ import annotations

import pytest
from dishwasher.core.outputs import Cache

from tests.formats.test_circle import build, commands, parse


@pytest.mark.parametrize(
    ("files", "dependencies", "test"),
    [
        ("requirements.txt tox.ini", ["pip install -r requirements.txt"], ["tox"]),
        ("setup.py", ["python setup.py install"], ["python setup.py test"]),
        (
            "setup.py requirements.txt",
            ["pip install -r requirements.txt", "python setup.py install"],
            ["python setup.py test"],
        ),
        ("tox.ini unittest.py manage.py tests.py setup.py", ["python setup.py install"], ["tox"]),
        ("unittest.py manage.py tests.py", [], ["nosetests"]),
        ("manage.py blog/tests.py", [], ["python manage.py test"]),
        ("manage.py blog/tests/test_views.py", [], ["python manage.py test"]),
        ("manage.py setup.py", ["python setup.py install"], ["python setup.py test"]),
    ],
)
def test_python(files: str, dependencies: list[str], test: list[str]) -> None:
    spec = build("machine: {}", *files.split())
    assert commands(spec, "dependencies") == dependencies
    assert commands(spec, "test") == test
    assert spec.machine.virtualenv


def test_a_manage_py_without_tests_implies_none() -> None:
    assert "There are no tests" in commands(build("machine: {}", "manage.py"), "test")[0]


NPM_TEST = '{"scripts": {"test": "mocha"}}'


def test_node() -> None:
    spec = build("machine: {}", "bower.json", package_json=NPM_TEST)
    assert commands(spec, "dependencies") == ["npm install", "bower install"]
    assert commands(spec, "test") == ["npm test"]
    assert not spec.machine.virtualenv


def test_python_and_node_together() -> None:
    spec = build("machine: {}", "requirements.txt", "tox.ini", package_json=NPM_TEST)
    installs = ["pip install -r requirements.txt", "npm install"]
    assert commands(spec, "dependencies") == installs
    assert commands(spec, "test") == ["tox", "npm test"]


@pytest.mark.parametrize("package", ["{", "[]", '{"scripts": []}', "[" * 5000, '{"scripts": {}}'])
def test_a_package_json_without_a_test_implies_none(package: str) -> None:
    assert "no tests" in commands(build("machine: {}", package_json=package), "test")[0]


def test_make_tests_a_node_project_without_a_script() -> None:
    spec = build("machine: {}", package_json="{}", Makefile="all:\n\ntest:\n\tmocha\n")
    assert commands(spec, "test") == ["make test"]


def test_each_inferred_command_says_why() -> None:
    config = parse("machine: {}", "requirements.txt", "tox.ini")
    assert [step.why for step in config.jobs[0].steps] == [
        "there is a requirements.txt",
        "there is a tox.ini",
    ]
    assert config.notes == (
        "dependencies runs `pip install -r requirements.txt`, because there is a requirements.txt.",
        "test runs `tox`, because there is a tox.ini.",
    )


def test_files_elsewhere_imply_nothing() -> None:
    assert "no tests" in commands(build("machine: {}", "sub/tox.ini"), "test")[0]


# 3.3: cache_directories


def caches(text: str, *files: str) -> tuple[str, ...]:
    (cache,) = build(text + "\ntest: {override: [t]}", *files).caches
    assert cache == Cache(cache.paths)
    return cache.paths


def test_listed_directories_are_kept_with_those_of_the_language() -> None:
    text = "dependencies:\n  cache_directories: [~/.tox-cache, vendor, ./eggs]"
    assert caches(text, "requirements.txt") == ("~/.tox-cache", "vendor", "eggs", "~/.cache/pip")
    assert caches("machine: {}", "package.json") == ("node_modules",)


def test_they_are_relative_to_the_build_directory() -> None:
    text = "general: {build_dir: web}\ndependencies: {cache_directories: [vendor, ~/x]}"
    assert caches(text) == ("web/vendor", "~/x")


def test_the_home_of_circlecis_machine_is_that_of_the_job() -> None:
    text = "dependencies:\n  cache_directories: [/home/ubuntu/.cache/pip, $HOME/.m2]"
    assert caches(text) == ("~/.cache/pip", "~/.m2")


@pytest.mark.parametrize("path", ["/usr/local/lib", "../up", "~"])
def test_a_directory_elsewhere_is_not_kept(path: str) -> None:
    config = parse(f"dependencies:\n  cache_directories:\n    - '{path}'\ntest: {{override: [t]}}")
    assert [(one.line, one.code) for one in config.warnings] == [(3, "bad-path")]
    assert config.jobs[0].caches == ()


def test_a_deployment_restores_and_does_not_save() -> None:
    text = "dependencies: {cache_directories: [vendor]}\ntest: {override: [t]}\n"
    config = parse(text + "deployment: {x: {branch: a, commands: [c]}}")
    assert [(spec.caches[0].restore, spec.caches[0].save) for spec in config.jobs] == [
        (True, True),
        (True, False),
    ]


def test_nothing_to_keep_is_no_cache() -> None:
    assert build("test: {override: [t]}").caches == ()
