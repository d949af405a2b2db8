"""The prepared environment: installed by one job, restored by the next, and never in the way."""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from dishwasher.core.machine import Machine, Variable
from dishwasher.core.step import Installs, Phase, Shell, Step
from dishwasher.core.ticket import CacheFound, CacheOffer, CacheQuery
from dishwasher.errors import InfraError
from dishwasher.runner.prepared import FORMAT
from dishwasher.runner.sink import Sink

from tests.runner.job import Job, Jobs, jobs, phase
from tests.runner.server import LIMITS
from tests.runner.shop import Shop, archive_of, link, member

NPM = """\
#!/bin/sh
echo "$PWD" >>"{calls}"
mkdir -p node_modules/.bin node_modules/dep
echo "$(cat package-lock.json) $FLAVOUR" >node_modules/dep/index.js
ln -sf ../dep/index.js node_modules/.bin/dep
{more}
"""
FILES = ("package.json", "package-lock.json", ".npmrc")
INSTALLS = Installs((), FILES, locked=True, node=True)
SHOW = "cat node_modules/.bin/dep"
# Installers take long on a machine with other work.
EAGER = replace(LIMITS, install_seconds=0.0, job_seconds=300.0)


class Site:
    """A project whose `npm ci` is counted."""

    def __init__(self, job: Jobs, folder: Path) -> None:
        self.job, self.folder = job, folder
        self.calls, self.bin = folder / "calls", folder / "bin"
        self.shop = Shop(folder / "shop")
        self.bin.mkdir()
        self.program()
        job.host = {"PATH": f"{self.bin}:{os.environ['PATH']}"}
        job.sink = cast(Sink, self.shop)
        job.files = {"package-lock.json": "one", "package.json": "{}"}

    def program(self, more: str = "") -> None:
        text = NPM.format(calls=self.calls, more=more)
        (self.bin / "npm").write_text(text)
        (self.bin / "npm").chmod(0o755)

    def run(self, *steps: str, installs: Installs = INSTALLS, **values: Any) -> Job:
        first = phase("dependencies", "npm ci", installs=installs)
        values.setdefault("limits", EAGER)
        return self.job(first, phase("build", *(steps or (SHOW,))), **values)

    @property
    def installed(self) -> int:
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "jobs").mkdir()
    with jobs(tmp_path / "jobs") as made:
        yield Site(made, tmp_path)


def names(job: Job) -> list[str]:
    return [one.name for one in job.phases]


def test_one_job_installs_and_the_next_restores(site: Site) -> None:
    first = site.run(name="lint")
    assert first.verdict.fine
    assert names(first) == ["dependencies", "save dependencies", "build"]
    assert "Stored the dependencies for other jobs: 5 files" in first.log
    second = site.run(of_ticket=(("build_number", "12"),))
    assert second.verdict.fine and second.printed[-1] == "one "
    assert names(second) == ["restore dependencies", "build"]
    step = second.phases[0].steps[0]
    assert (step.command, step.exit_code) == ("restored in place of: npm ci", 0)
    assert " s, installed by lint, in place of:\n[dishwasher]   npm ci\n" in second.log
    assert site.installed == 1
    assert second.notes == []


def test_who_has_installed_is_told(site: Site) -> None:
    site.run(name="a\x1bb" + "c" * 200, of_ticket=(("build_number", "12"),))
    shown = "ab" + "c" * 78
    assert f"installed by {shown} of build 12, in place of:" in site.run().log


@pytest.mark.parametrize(
    "change",
    [
        {"files": {"package-lock.json": "two", "package.json": "{}"}},
        {"files": {"package-lock.json": "one", "package.json": "{ }"}},
        {"files": {"package-lock.json": "one", "package.json": "{}", ".npmrc": "x"}},
        {"machine": Machine(environment=(Variable("FLAVOUR", "sour"),))},
        {"directory": "web", "files": {"web/package-lock.json": "one", "web/package.json": "{}"}},
        {"installs": replace(INSTALLS, locked=False)},
        {"installs": replace(INSTALLS, whole=True)},
    ],
)
def test_what_is_installed_from_something_else_is_installed(
    site: Site, change: dict[str, Any]
) -> None:
    site.run()
    site.job.files = change.pop("files", site.job.files)
    other = site.run(**change)
    assert other.verdict.fine
    assert site.installed == 2
    assert names(other)[0] == "dependencies"
    assert names(site.run(**change)) == ["restore dependencies", "build"]


def test_the_project_itself_counts_where_it_is_installed(site: Site) -> None:
    whole = replace(INSTALLS, whole=True)
    site.job.files["src/a.py"] = "a"
    site.run(installs=whole)
    assert names(site.run(installs=whole))[0] == "restore dependencies"
    site.job.files["src/a.py"] = "b"
    assert names(site.run(installs=whole))[0] == "dependencies"
    # Of one branch and job only the newest is kept.
    index = (site.folder / "shop/index.json").read_text()
    assert index.count('"version": "prepared') == 1


def test_scripts_of_a_package_make_it_the_whole_project(site: Site) -> None:
    site.job.files |= {"package.json": '{"scripts": {"postinstall": "x"}}', "a": "1"}
    site.run()
    site.job.files["a"] = "2"
    assert names(site.run())[0] == "dependencies"


def test_variables_of_the_build_do_not_count_unless_a_command_asks(site: Site) -> None:
    def run(number: str, command: str) -> str:
        first = Phase("dependencies", (Step(command),), installs=INSTALLS)
        facts = {"facts": (("CIRCLE_BUILD_NUM", "{build_number}"),)}
        known = (("build_number", number),)
        done = site.job(first, phase("build", SHOW), limits=EAGER, of_ticket=known, **facts)
        return names(done)[0]

    assert run("1", "npm ci") == "dependencies"
    assert run("2", "npm ci") == "restore dependencies"
    assert run("1", "npm ci # $CIRCLE_BUILD_NUM") == "dependencies"
    assert run("2", "npm ci # $CIRCLE_BUILD_NUM") == "dependencies"
    assert run("2", "npm ci # $CIRCLE_BUILD_NUM") == "restore dependencies"


def test_what_is_quickly_installed_is_not_kept(site: Site) -> None:
    first = site.run(limits=LIMITS)
    assert names(first) == ["dependencies", "build"]
    assert site.shop.said == ["find"]


def test_what_no_other_job_could_restore_is_not_kept(site: Site) -> None:
    whole = replace(INSTALLS, whole=True)
    assert names(site.run(installs=whole, alone=True)) == ["dependencies", "build"]
    assert names(site.run(alone=True)) == ["dependencies", "save dependencies", "build"]


def test_what_fails_is_not_kept(site: Site) -> None:
    site.program("exit 3")
    assert names(site.run()) == ["dependencies"]
    assert "put" not in site.shop.said


def test_a_job_with_secrets_restores_and_stores_nothing(site: Site) -> None:
    secrets = {"secrets": (("DEPLOY_KEY", "hidden-value"),)}
    assert names(site.run(**secrets)) == ["dependencies", "build"]
    site.run()
    assert names(site.run(**secrets)) == ["restore dependencies", "build"]


def test_a_secret_of_the_installer_s_keeps_it_all_out(site: Site) -> None:
    site.run()
    done = site.run(secrets=(("NPM_TOKEN", "hidden-value"),))
    assert names(done) == ["dependencies", "build"]
    said = "The dependencies are installed anew: the secret NPM_TOKEN says what is installed."
    assert done.log.count(said) == 1


def test_why_nothing_is_kept_is_said_once(site: Site) -> None:
    done = site.run(installs=Installs(why="`make deps` is not known to only install something"))
    assert done.verdict.fine
    assert done.log.count("installed anew") == 1
    assert site.shop.said == []


def test_what_changes_the_checkout_is_not_kept(site: Site) -> None:
    site.program("echo changed >package-lock.json")
    done = site.run()
    assert done.verdict.fine
    assert (
        "The dependencies are not kept: installing them has changed package-lock.json, which "
        "was there before." in done.log
    )
    assert names(site.run())[0] == "dependencies"


def test_what_leads_out_is_not_kept(site: Site) -> None:
    site.program("ln -s /etc/passwd node_modules/x")
    assert "leads out" in site.run().log
    assert names(site.run())[0] == "dependencies"


def test_other_files_that_are_made_come_along_and_caches_of_tools_do_not(site: Site) -> None:
    site.program(
        "mkdir -p ~/.local/bin ~/.cache/pip ~/.cache/browser lib.egg-info;"
        "echo 1 | tee ~/.local/bin/tool ~/.cache/browser/x; "
        "echo 2 >~/.cache/pip/x; echo 3 >lib.egg-info/PKG-INFO"
    )
    site.run()
    done = site.run("cat ~/.local/bin/tool lib.egg-info/PKG-INFO; ls -A ~ ~/.cache")
    assert done.printed[:2] == ["1", "3"]
    assert {".local", ".cache", "browser"} < set(done.printed) and "pip" not in done.printed


def test_what_is_installed_globally_is_the_job_s_own(site: Site) -> None:
    site.program(
        'mkdir -p "$npm_config_prefix/bin" "$npm_config_prefix/lib/node_modules/tool";'
        'printf "#!/bin/sh\\necho here\\n" >"$npm_config_prefix/lib/node_modules/tool/cli";'
        'chmod +x "$npm_config_prefix/lib/node_modules/tool/cli";'
        'ln -s ../lib/node_modules/tool/cli "$npm_config_prefix/bin/tool"'
    )
    for first in ("dependencies", "restore dependencies"):
        done = site.run("tool")
        assert (names(done)[0], done.printed) == (first, ["here"])


def test_folders_that_belong_to_installers_come_from_one_place(site: Site) -> None:
    site.run()
    site.job.files["node_modules/old/index.js"] = "of a cache"
    done = site.run("ls node_modules")
    assert done.printed == ["dep"]


def test_what_the_commit_holds_stays(site: Site) -> None:
    site.program("echo made >made")
    site.run()
    site.job.files["made"] = "of the commit"
    assert site.run("cat made").printed == ["of the commit"]


def test_what_still_runs_is_ended_before_anything_is_read(site: Site) -> None:
    site.program("(setsid sh -c 'echo $$ >daemon; exec tail -f /dev/null' >/dev/null 2>&1 &)\n"
                 "while ! [ -s daemon ]; do :; done")  # fmt: skip
    done = site.run("! kill -0 $(cat daemon)")
    assert done.verdict.fine
    assert "save dependencies" in names(done)


@pytest.mark.parametrize(
    "data",
    [
        b"no archive at all",
        archive_of(member("job/../../x", b"x")),
        archive_of(member("checkout/x", b"x")),
        archive_of(link("job/checkout/x", "/etc/passwd")),
        archive_of(member("job/checkout/x", b"x"), about={"roots": 5, "virtualenvs": [1]}),
        archive_of(member("job/checkout/x", b"x"), about={"roots": {}, "virtualenvs": [{}]}),
    ],
)
def test_a_hostile_archive_is_none_and_the_job_installs(site: Site, data: bytes) -> None:
    site.run()
    site.shop.change = lambda _: data
    damaged = site.run()
    assert damaged.verdict.fine and damaged.printed[-1] == "one "
    assert names(damaged)[:2] == ["restore dependencies", "dependencies"]
    assert damaged.phases[0].steps[0].exit_code is None
    assert "Restoring the dependencies failed: " in damaged.log


def test_a_forged_archive_says_nothing_that_matters(site: Site) -> None:
    class Forged(Shop):
        def find_cache(self, query: CacheQuery) -> CacheFound:
            assert query.version == FORMAT
            return CacheFound("x", query.key, len(data), hashlib.sha256(data).hexdigest())

        def fetch(self, url: str, file: Any, size: int) -> None:
            file.write(data)

    about = {"roots": {}, "virtualenvs": [], "made": {"job": "a\nb\x1b[31m", "build": ["x"]}}
    data = archive_of(
        member("job/node_modules/dep", b"x"),
        member("job/cache/x", b"x"),
        member("job/shell/prelude", b"x"),
        member("job/checkout/node_modules/.bin/dep", b"forged\n"),
        about=about,
    )
    site.job.sink = cast(Sink, Forged(site.folder / "forged"))
    done = site.run(f"{SHOW}; ls ..")
    assert done.printed[0] == "forged"
    assert not {"node_modules", "cache"} & set(done.printed)
    assert not (done.workspace.root / "node_modules").exists()
    assert "installed by ab[31m of build ['x'], in place of:" in done.log


def test_a_server_that_fails_costs_time_alone(site: Site) -> None:
    site.shop.fault = InfraError("the server is away")
    done = site.run()
    assert done.verdict.fine
    assert done.log.count("The dependencies are installed anew: the server is away.") == 1


def test_two_at_once_store_one(site: Site) -> None:
    asked: list[CacheOffer] = []

    class Late(Shop):
        """Somebody else is faster between the looking and the offering."""

        def find_cache(self, query: CacheQuery) -> CacheFound:
            super().find_cache(query)
            return CacheFound() if len(self.said) < 3 else site.shop.find_cache(query)

        def offer_cache(self, offer: CacheOffer) -> Any:
            asked.append(offer)
            return site.shop.offer_cache(offer)

    site.run()
    site.job.sink = cast(Sink, Late(site.folder / "late"))
    done = site.run()
    assert done.verdict.fine and len(asked) == 1
    assert "The dependencies are not stored, because it is stored already." in done.log
    third = site.run()
    assert names(third)[0] == "restore dependencies"


def test_who_is_slower_than_another_stores_nothing(site: Site) -> None:
    site.run()
    found: list[CacheQuery] = []

    class Late(Shop):
        def find_cache(self, query: CacheQuery) -> CacheFound:
            found.append(query)
            return CacheFound() if len(found) == 1 else CacheFound("there", query.key)

    site.job.sink = cast(Sink, Late(site.folder / "late"))
    assert "Another job has stored these dependencies meanwhile." in site.run().log


def test_where_nothing_is_kept_nothing_is_packed(site: Site) -> None:
    class Closed(Shop):
        def find_cache(self, query: CacheQuery) -> CacheFound:
            return CacheFound(kept=False)

    site.job.sink = cast(Sink, Closed(site.folder / "closed"))
    assert names(site.run()) == ["dependencies", "build"]


def test_a_shell_that_all_steps_share_installs_each_time(site: Site) -> None:
    # The formats mark no phase of such a job: `cd` and `export` of it would be lost.
    first = phase("install", "npm ci")
    done = site.job(first, phase("build", SHOW), shell=Shell.ONE, limits=EAGER)
    assert done.verdict.fine and site.shop.said == []


BACKEND = """\
import os, zipfile

METADATA = "Metadata-Version: 2.1\\nName: app\\nVersion: 1\\n"

def build_editable(folder, settings=None, metadata=None):
    name = "app-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("app.pth", os.getcwd() + "/src\\n")
        wheel.writestr("app-1.dist-info/METADATA", METADATA)
        wheel.writestr("app-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr("app-1.dist-info/entry_points.txt", "[console_scripts]\\napp=app:main\\n")
        wheel.writestr("app-1.dist-info/RECORD", "")
    return name
"""


def wheel(folder: Path) -> None:
    """A package without dependencies: `dep`, with a program of that name."""
    folder.mkdir()
    with zipfile.ZipFile(folder / "dep-1-py3-none-any.whl", "w") as made:
        made.writestr("dep.py", "def main():\n    print('dep', __file__)\n")
        made.writestr("dep-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: dep\nVersion: 1\n")
        made.writestr("dep-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        made.writestr("dep-1.dist-info/entry_points.txt", "[console_scripts]\ndep=dep:main\n")
        made.writestr("dep-1.dist-info/RECORD", "")


@pytest.mark.slow
def test_a_virtual_environment_works_in_another_folder(site: Site) -> None:
    """Programs, modules, and the project itself where it is installed for editing."""
    wheel(site.folder / "wheels")
    python = Path(sys.base_prefix) / "bin"
    site.job.host = {
        "PATH": f"{python}:{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(site.folder / "wheels"),
    }
    site.job.files = {
        "requirements.txt": "-r more.txt\n",
        "more.txt": "dep==1\n",
        "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'backend'\n"
        "backend-path = ['.']\n[project]\nname = 'app'\nversion = '1'\n",
        "backend.py": BACKEND,
        "src/app.py": "import dep\n\ndef main():\n    print('app', __file__)\n    dep.main()\n",
    }
    installs = Installs(("requirements.txt",), whole=True, python=True)
    commands = ("pip install -q -r requirements.txt", "pip install -q --no-build-isolation -e .")

    def run() -> Job:
        first = phase("dependencies", *commands, installs=installs)
        machine = Machine(virtualenv=True)
        return site.job(first, phase("build", "app", "dep"), machine=machine, limits=EAGER)

    first, second = run(), run()
    assert first.verdict.fine, first.log
    assert names(first) == ["python", "dependencies", "save dependencies", "build"]
    assert names(second) == ["restore dependencies", "build"]
    for job in (first, second):
        root = job.workspace.root
        (shown, *_) = [line for line in job.printed if line.startswith("app ")]
        assert shown == f"app {root}/checkout/src/app.py"
        assert all(f" {root}/" in line for line in job.printed if line.startswith("dep "))
    # Its compiled modules are still valid: nothing was compiled again.
    (compiled,) = (second.workspace.virtualenv / "lib").glob("*/site-packages/__pycache__/dep.*")
    assert compiled.stat().st_mtime < second.phases[0].started


@pytest.mark.slow
def test_a_virtual_environment_whose_python_is_gone_is_made_anew(site: Site) -> None:
    site.job.host = {"PATH": f"{Path(sys.base_prefix) / 'bin'}:{os.environ['PATH']}"}
    about = {
        "roots": {"job": "/gone"},
        "virtualenvs": [{"folder": "job/virtualenv", "pythons": [["python", "/gone/python3"]]}],
    }
    data = archive_of(
        member("job/virtualenv/pyvenv.cfg", b""), member("job/virtualenv/bin/x", b""), about=about
    )

    class Forged(Shop):
        def find_cache(self, query: CacheQuery) -> CacheFound:
            return CacheFound("x", query.key, len(data), hashlib.sha256(data).hexdigest())

        def fetch(self, url: str, file: Any, size: int) -> None:
            file.write(data)

    site.job.sink = cast(Sink, Forged(site.folder / "forged"))
    first = phase("dependencies", "pip --version", installs=Installs(python=True))
    done = site.job(first, machine=Machine(virtualenv=True), limits=EAGER)
    assert done.verdict.fine, done.log
    assert "virtualenv: it was made with /gone/python3, which is not on this machine" in done.log
    assert names(done)[:3] == ["restore dependencies", "python", "dependencies"]
