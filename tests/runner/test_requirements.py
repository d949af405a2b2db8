"""Requirement files: what they include, and whether anything in them is of the checkout."""

from __future__ import annotations

import pytest
from dishwasher.runner.requirements import LONGEST, includes, is_remote

PLAIN = r"""
# A comment, as pip-compile writes them
--index-url https://pypi.org/simple
--extra-index-url=https://${TOKEN}@example.org/simple/
-f https://example.org/wheels.html
--trusted-host example.org
--no-binary :all:
--pre
-r base.txt
-cconstraints.txt
Django==4.2.1   # pinned
django-cors-headers>=3,<4 ; python_version >= "3.8" and sys_platform == 'linux'
zope.interface [testing, docs] ~= 5.0
requests (>=2.0,!=2.1)
six
pywin32==${WIN}; sys_platform == "win32"
asgiref==3.7.2 \
    --hash=sha256:89b2ef2247e3b562a16eef663bc0e2e703ec6468e2fa8a5cd61cd449786d4f6e \
    --hash=sha256:9e0ce3aa93a819ba5b45120216b23878cf6e8525eb3848653452b4192b92afed
    # via django
a @ https://example.org/a-1.0.tar.gz#sha256=abc
b @ git+https://github.com/a/b.git@v1#subdirectory=x ; python_version > "3"
git+ssh://git@github.com/a/b.git#egg=b
-e git+https://github.com/a/b.git@main#egg=b
https://example.org/c.whl --hash=sha256:aa
d==1 --global-option="--fast" --config-settings=x=y
"""


@pytest.mark.parametrize("line", PLAIN.replace("\\\n", " ").splitlines())
def test_lines_of_packages_from_elsewhere(line: str) -> None:
    assert is_remote(line), line


def test_whole_files() -> None:
    assert is_remote(PLAIN)
    assert list(includes(PLAIN)) == ["base.txt", "constraints.txt"]
    assert list(includes("\ufeff--requirement=a.txt\r\n-r \\\nb.txt\n")) == ["a.txt", "b.txt"]


@pytest.mark.parametrize(
    "line",
    [
        *("-e .", "-e.", "-e app", "--editable=app", "-e 'app'", ".", "./app", "app/x", "~/x"),
        *("a.whl", "a.tgz", "a.tar.bz2 # x", "a.whl ; x", "a.zip[x]", "a.whl --hash=sha256:aa"),
        *("-f wheels", "--find-links=wheels", "-i file:///x", "a @ file:///x", "git+file:///x"),
        *("${HERE}/app", "file:app", "-r 'base.txt'", '-c "base.txt"', "--req base.txt"),
        *("\0-\0r\0", "a" * LONGEST + "==1"),
    ],
)
def test_what_may_be_in_the_checkout(line: str) -> None:
    assert not is_remote(f"six\n{line}\n")


@pytest.mark.parametrize(
    "line",
    ["a==" + " =" * 800 + "/", "a==1" + " --a=b" * 300 + "/", "a" * 1_900 + "/", "a" + "; " * 900],
)
def test_no_line_takes_long(line: str) -> None:
    is_remote(f"{line}\n" * 500)
