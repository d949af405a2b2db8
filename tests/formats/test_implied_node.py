"""What a package.json implies: one test for each rule."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.formats.projects import commands, job, plan, setup


def package(folder: str = "", /, *files: str, **content: Any) -> dict[str, str]:
    content.setdefault("scripts", {"test": "jest"})
    there = {"package.json": json.dumps(content), **dict.fromkeys(files, "")}
    return {f"{folder}{path}": text for path, text in there.items()}


NEEDED = {"jest": "29"}


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (package("", "package-lock.json"), ["npm ci"]),
        (package("", "npm-shrinkwrap.json"), ["npm ci"]),
        (package(dependencies=NEEDED), ["npm install"]),
        (package(), []),
        (
            package("", "yarn.lock"),
            ["npm install -g yarn", "yarn install --frozen-lockfile"],
        ),
        (
            package("", "yarn.lock", ".yarnrc.yml"),
            ["npm install -g yarn", "yarn install --immutable"],
        ),
        (
            package("", "yarn.lock", packageManager="yarn@1.22.22"),
            ["npm install -g yarn@1.22.22", "yarn install --frozen-lockfile"],
        ),
        (
            package("", "yarn.lock", packageManager="yarn@4.5.0"),
            ["npm install -g corepack && corepack enable", "yarn install --immutable"],
        ),
        (
            package("", "pnpm-lock.yaml"),
            ["npm install -g pnpm", "pnpm install --frozen-lockfile"],
        ),
        (
            package("", "pnpm-lock.yaml", packageManager="pnpm@9.12.0+sha512.abc"),
            ["npm install -g pnpm@9.12.0", "pnpm install --frozen-lockfile"],
        ),
        (
            package(packageManager="pnpm@9", dependencies=NEEDED),
            ["npm install -g pnpm@9", "pnpm install"],
        ),
        (
            package("web/", "package-lock.json"),
            ["cd web && npm ci"],
        ),
    ],
)
def test_the_lock_file_or_the_package_decides_the_installer(
    files: dict[str, str], wanted: list[str]
) -> None:
    assert setup(files) == wanted


@pytest.mark.parametrize(
    ("lock", "command"), [("package-lock.json", "npm test"), ("yarn.lock", "yarn test")]
)
def test_scripts_run_by_the_same_manager(lock: str, command: str) -> None:
    assert commands(package("", lock), "tests") == [command]


def test_what_npm_writes_for_want_of_tests_is_no_test() -> None:
    test = 'echo "Error: no test specified" && exit 1'
    assert plan(package(scripts={"test": test})).jobs == ()


def test_scripts_to_lint_come_before_tests_and_a_build() -> None:
    scripts = {
        "build": "vite build",
        "test": "vitest",
        "lint": "eslint .",
        "typecheck": "tsc",
        "format:check": "prettier --check .",
    }
    config = plan(package(scripts=scripts))
    names = [job.name for job in config.jobs]
    assert names == ["lint", "format", "types", "spelling", "tests", "build"]
    assert {job.name: job.needs for job in config.jobs}["tests"] == (
        *("lint", "format", "types"),
        "spelling",
    )
    runs = [step.command for job in config.jobs for step in job.steps]
    assert runs == [
        *("npm run lint", "npm run format:check", "npm run typecheck"),
        *("npm test", "npm run build"),
    ]


@pytest.mark.parametrize(
    ("file", "needed", "name", "command"),
    [
        (".eslintrc.json", "eslint", "eslint", "npx eslint ."),
        ("eslint.config.mjs", "eslint", "eslint", "npx eslint ."),
        (".prettierrc", "prettier", "prettier", "npx prettier --check ."),
        (".stylelintrc.json", "stylelint", "stylelint", "npx stylelint '**/*.{css,scss}'"),
        ("tsconfig.json", "typescript", "tsc", "npx tsc --noEmit"),
    ],
)
def test_a_tool_that_is_set_up_and_installed_runs_without_a_script(
    file: str, needed: str, name: str, command: str
) -> None:
    files = package("", file, scripts={}, devDependencies={needed: "1"})
    assert commands(files, name) == [command]
    assert plan(package("", file, scripts={}, devDependencies={"other": "1"})).jobs == ()
    assert plan(package(scripts={}, devDependencies={needed: "1"})).jobs == ()


def test_settings_within_the_package_count_too() -> None:
    files = package(scripts={}, devDependencies={"eslint": "9"}, eslintConfig={})
    assert commands(files, "eslint") == ["npx eslint ."]


@pytest.mark.parametrize(
    "scripts",
    [
        {"lint": "eslint . && prettier --check ."},
        {"lint": "npm run lint:js", "lint:js": "eslint src && prettier --check src"},
        {"lint": "run-p 'lint:*'", "lint:js": "eslint .", "lint:format": "prettier -c ."},
        {"lint": "concurrently npm:js npm:format", "js": "eslint .", "format": "prettier -c ."},
    ],
)
def test_a_tool_that_a_script_starts_does_not_run_twice(scripts: dict[str, str]) -> None:
    needed = {"eslint": "9", "prettier": "3"}
    files = package("", ".eslintrc", ".prettierrc", scripts=scripts, devDependencies=needed)
    assert [job.name for job in plan(files).jobs] == ["lint", "spelling"]


def test_a_build_that_checks_types_does_it_once() -> None:
    scripts = {"build": "tsc && vite build"}
    files = package("", "tsconfig.json", scripts=scripts, devDependencies={"typescript": "5"})
    assert [job.name for job in plan(files).jobs] == ["spelling", "build"]


@pytest.mark.parametrize(
    ("path", "text", "wanted"),
    [
        (".nvmrc", "v20.11.0\n", "20"),
        (".nvmrc", "22", "22"),
        (".nvmrc", "lts/iron\n", ""),
        (".node-version", "18.19.0\n", "18"),
    ],
)
def test_a_file_of_its_own_says_the_version_of_node(path: str, text: str, wanted: str) -> None:
    assert job({**package(), path: text}, "tests").machine.node == wanted
    below = package("web/")
    assert job({**below, path: text}, "tests").machine.node == wanted


@pytest.mark.parametrize(
    ("engine", "wanted"),
    [("20", "20"), ("20.x", "20"), ("^20.1.0", "20"), ("~18.2", "18"), (">=18", ""), ("*", "")],
)
def test_engines_say_the_version_unless_they_have_no_end(engine: str, wanted: str) -> None:
    config = plan(package(engines={"node": engine}))
    assert config.jobs[-1].machine.node == wanted
    assert any("asks for Node" in note for note in config.notes) == bool(wanted)


def test_volta_says_the_version() -> None:
    files = package(volta={"node": "22.3.0"}, engines={"node": ">=18"})
    assert job(files, "tests").machine.node == "22"


def test_a_package_in_a_folder_is_found_and_one_in_the_root_comes_first() -> None:
    assert commands(package("web/"), "tests") == ["cd web && npm test"]
    assert commands({**package("web/"), **package()}, "tests") == ["npm test"]


@pytest.mark.parametrize("folder", ["node_modules/", "a/b/"])
def test_a_package_of_others_is_not_looked_at(folder: str) -> None:
    assert plan(package(folder)).jobs == ()


def test_a_package_without_anything_to_do_makes_way_for_one_below() -> None:
    files = {**package("web/"), "package.json": json.dumps({"private": True})}
    assert commands(files, "tests") == ["cd web && npm test"]
