"""What the outcome of an installation follows from: all of it, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from dishwasher.core.step import Installs, Phase, Step
from dishwasher.core.ticket import Source
from dishwasher.runner import changes, fingerprint
from dishwasher.runner.fingerprint import Fingerprint, Key, Unknown

from tests.runner.server import ticket

REQUIRED = Installs(("requirements.txt",), python=True)
POETRY = Installs((), ("pyproject.toml", "poetry.lock"), locked=True, python=True)
PIPENV = Installs((), ("Pipfile", "Pipfile.lock"), locked=True, python=True)
PNPM = Installs((), ("pnpm-workspace.yaml", "pnpm-lock.yaml"), locked=True, node=True)
YARN = Installs((), ("package.json", "yarn.lock", ".yarn/**"), locked=True, node=True)


class Project:
    """A checkout whose key can be asked for; each answer is of a new folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        self.files: dict[str, str] = {}
        self.home: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.commands = ("pip install -r requirements.txt",)
        self.directory, self.sha, self.history = "", "a" * 40, False

    def key(
        self,
        installs: Installs = REQUIRED,
        *,
        today: str = "2026-01-01",
        tree_files: int = 100,
        programs: tuple[str, ...] = ("3.12.1 /usr/bin/python3",),
        **environment: str,
    ) -> Key:
        self._count += 1
        root = self._folder / str(self._count)
        for base, files in (("checkout", self.files), ("home", self.home)):
            (root / base).mkdir(parents=True)
            for name, text in files.items():
                place = root / base / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
        for name, target in self.links.items():
            (root / "checkout" / name).symlink_to(target)
        words = {"directory": self.directory, "history": self.history}
        made = ticket(Source("", self.sha), **words)
        made = replace(made, spec=replace(made.spec, facts=(("BUILD", "{build}"),)))
        phase = Phase("dependencies", tuple(map(Step, self.commands)))
        folders = (root, root / "checkout", root / "home")
        asked = {"HOME": str(folders[2]), "PATH": f"{root}/node/bin:/bin", **environment}
        return Fingerprint(made, phase, installs, *folders, tree_files).key(asked, programs, today)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.files = {"requirements.txt": "-r base/all.txt\n", "base/all.txt": "-c ../limits.txt\na\n"}
    made.files["limits.txt"] = "a<2\n-r https://example.org/r.txt\n"
    return made


def test_the_folder_of_a_job_does_not_matter(project: Project) -> None:
    assert project.key() == project.key()
    key = project.key()
    assert key.text.startswith(key.slot) and key.slot.startswith("prepared-")


@pytest.mark.parametrize("name", ["requirements.txt", "base/all.txt", "limits.txt"])
def test_files_that_files_include_count(project: Project, name: str) -> None:
    before = project.key()
    project.files[name] += "# more\n"
    after = project.key()
    assert before.slot == after.slot and before.text != after.text


def test_other_files_do_not_count_unless_the_project_is_installed(project: Project) -> None:
    before, whole = project.key(), project.key(replace(REQUIRED, whole=True))
    project.files["app.py"] = "x"
    assert project.key() == before
    assert project.key(replace(REQUIRED, whole=True)) != whole
    # What installers own is not the project.
    after = project.key(replace(REQUIRED, whole=True))
    project.files["node_modules/a/b"] = "x"
    assert project.key(replace(REQUIRED, whole=True)) == after


def test_a_project_that_is_installed_may_ask_git_for_its_version(project: Project) -> None:
    whole = replace(REQUIRED, whole=True)
    before, plain = project.key(whole), project.key()
    project.sha = "b" * 40
    assert project.key(whole) != before
    assert project.key() == plain
    project.sha, project.history = "a" * 40, True
    assert project.key(whole) != before
    assert project.key() == plain


@pytest.mark.parametrize(
    "line",
    [
        *("-e .", ".", "./lib", "lib/a", "--find-links wheels/", "a @ file:///x", "a.whl"),
        *("-e lib", "-e.", "-r 'app.py'", "a.tgz ; python_version > '3'", "${HERE}/lib"),
    ],
)
def test_what_is_in_the_checkout_too_makes_it_the_whole_project(
    project: Project, line: str
) -> None:
    project.files["limits.txt"] += f"{line}\n"
    before = project.key()
    project.files["app.py"] = "x"
    assert project.key() != before


@pytest.mark.parametrize(
    ("installs", "name", "text"),
    [
        (POETRY, "pyproject.toml", 'a = {path = "../a"}'),
        (PIPENV, "Pipfile", 'a = {editable = true, path = "."}'),
        (YARN, "package.json", '{"workspaces": ["a"]}'),
        (YARN, "package.json", '{"dependencies": {"a": "file:./a"}}'),
        (YARN, "package.json", '{"scripts": {"prepare": "make"}}'),
        (PNPM, "pnpm-workspace.yaml", "packages:\n  - a\n"),
    ],
)
def test_manifests_that_name_the_project_itself_do_too(
    project: Project, installs: Installs, name: str, text: str
) -> None:
    project.files = {name: "{}"}
    plain = project.key(installs)
    project.files["app.py"] = "x"
    assert project.key(installs) == plain
    project.files = {name: text}
    before = project.key(installs)
    project.files["app.py"] = "x"
    assert project.key(installs) != before


def test_a_day_is_the_age_of_what_no_lock_file_pins(project: Project) -> None:
    tomorrow = "2026-01-02"
    assert project.key() != project.key(today=tomorrow)
    project.files = {"pyproject.toml": "", "poetry.lock": ""}
    assert project.key(POETRY) == project.key(POETRY, today=tomorrow)
    del project.files["poetry.lock"]
    assert project.key(POETRY) != project.key(POETRY, today=tomorrow)


def test_folders_of_an_installer_count(project: Project) -> None:
    project.files = {"package.json": "{}", ".yarn/plugins/a.cjs": "1"}
    before = project.key(YARN)
    project.files[".yarn/plugins/a.cjs"] = "2"
    assert project.key(YARN) != before


def test_programs_variables_and_settings_count(project: Project) -> None:
    before = project.key()
    assert project.key(programs=("3.12.2 /usr/bin/python3",)).slot != before.slot
    assert project.key(PIP_INDEX_URL="https://mirror").slot != before.slot
    assert project.key(BUILD="7", CI="true", DISHWASHER_SHA="x") == before
    project.files["limits.txt"] += "a==${BUILD}\n"
    assert project.key(BUILD="7") != project.key(BUILD="8")
    again = project.key()
    project.home[".npmrc"] = "registry=x"
    assert project.key() != again


def test_a_variable_that_leads_into_the_checkout_makes_it_the_whole_project(
    project: Project,
) -> None:
    constrained, plain = {"PIP_CONSTRAINT": "limits.txt"}, {"PIP_TIMEOUT": "9", "NODE_ENV": "base"}
    before, after = project.key(**constrained), project.key(**plain)
    project.files["app.py"] = "x"
    assert project.key(**constrained) != before
    assert project.key(**plain) == after


@pytest.mark.parametrize(
    "command",
    [
        "PIP_CONSTRAINT='limits.txt' pip install -r requirements.txt",
        "cd base && PIP_CONSTRAINT=../limits.txt pip install -r all.txt",
    ],
)
def test_so_does_one_that_a_command_sets(project: Project, command: str) -> None:
    project.commands = (command,)
    before = project.key()
    project.files["app.py"] = "x"
    assert project.key() != before


def test_settings_of_an_installer_count(project: Project) -> None:
    installs = replace(REQUIRED, settings=("pyproject.toml", "uv.toml"))
    project.files["pyproject.toml"] = 'version = {path = "a"}'
    before = project.key(installs)
    project.files["app.py"] = "x"
    assert project.key(installs) == before
    project.files["pyproject.toml"] = "[tool.uv]\noverride-dependencies = ['a<1']"
    assert project.key(installs) != before


def test_what_a_link_leads_to_counts(project: Project) -> None:
    project.files = {"pyproject.toml": "", "shared.lock": "1"}
    project.links = {"poetry.lock": "shared.lock"}
    before = project.key(POETRY)
    assert project.key(POETRY) == before
    project.files["shared.lock"] = "2"
    assert project.key(POETRY) != before
    project.links["poetry.lock"] = "/etc/hostname"
    with pytest.raises(Unknown, match=r"poetry\.lock is a link that leads out of the checkout"):
        project.key(POETRY)


@pytest.mark.parametrize(
    "name", ["../x.txt", "/etc/x.txt", "$DIR/x.txt", "file:limits.txt", "FILE:///etc/x.txt"]
)
def test_what_is_elsewhere_is_not_known(project: Project, name: str) -> None:
    project.files["requirements.txt"] = f"-r {name}\n"
    with pytest.raises(Unknown, match="is not in the checkout"):
        project.key()


def test_paths_are_below_the_folder_that_steps_start_in(project: Project) -> None:
    project.directory = "web"
    project.files = {"web/requirements.txt": "-c ../limits.txt\n", "limits.txt": "1"}
    before = project.key()
    project.files["limits.txt"] = "2"
    assert project.key() != before


def test_files_that_include_each_other_end(project: Project) -> None:
    project.files = {"requirements.txt": "-r b.txt\n", "b.txt": "-r requirements.txt\n"}
    assert project.key() == project.key()
    many = {f"{n}.txt": f"-r {n + 1}.txt\n" for n in range(200)}
    project.files = {"requirements.txt": "-r 0.txt\n", **many}
    with pytest.raises(Unknown, match="more than 100 requirement files"):
        project.key()


def test_there_are_limits(project: Project) -> None:
    project.files["limits.txt"] = "#" * (fingerprint.TEXT + 1)
    with pytest.raises(Unknown, match=r"limits\.txt has more than"):
        project.key()
    project.files["limits.txt"] = ""
    with pytest.raises(Unknown, match="too large to compare"):
        project.key(replace(REQUIRED, whole=True), tree_files=2)


def test_what_an_installation_touches_is_seen(tmp_path: Path) -> None:
    for name in ("checkout/kept", "checkout/changed", "checkout/gone", "home/a", "checkout/b/c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "checkout/node_modules").mkdir()
    before = changes.look(tmp_path)
    (tmp_path / "checkout/changed").write_text("checkout/CHANGED")
    (tmp_path / "checkout/gone").unlink()
    (tmp_path / "checkout/new/er").mkdir(parents=True)
    (tmp_path / "checkout/new/er/x").write_text("x")
    (tmp_path / "checkout/b/d").symlink_to("c")
    for name in (".cache/pip", ".cache/Cypress", ".cache/pypoetry/cache", ".yarn/berry/cache"):
        (tmp_path / "home" / name).mkdir(parents=True)
    for name in (".local/share/pnpm/store", ".local/share/pnpm/nodejs", ".local/bin"):
        (tmp_path / "home" / name).mkdir(parents=True)
    found = changes.compare(before, changes.look(tmp_path))
    assert found.new == (
        *("checkout/b/d", "checkout/new", "checkout/node_modules", "home/.cache/Cypress"),
        *("home/.local/bin", "home/.local/share/pnpm/nodejs", "home/.yarn"),
    )
    assert found.changed == ("checkout/changed", "checkout/gone")


def test_caches_of_packages_may_change(tmp_path: Path) -> None:
    place = tmp_path / "home/.cache/tool/state"
    place.parent.mkdir(parents=True)
    place.write_text("1")
    before = changes.look(tmp_path)
    place.write_text("22")
    assert changes.compare(before, changes.look(tmp_path)) == changes.Changes((), ())


def test_a_job_with_too_many_files_is_not_looked_through(tmp_path: Path) -> None:
    for name in ("checkout", "home"):
        (tmp_path / name).mkdir()
    (tmp_path / "checkout/a").write_text("")
    assert len(changes.look(tmp_path, 1)) == 1
    (tmp_path / "checkout/b").write_text("")
    with pytest.raises(changes.TooMany, match="more than 1 files"):
        changes.look(tmp_path, 1)
