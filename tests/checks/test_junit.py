"""Reports of real tools and of their odd relatives, to test cases."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from dishwasher.checks import junit
from dishwasher.core.outcome import Status, TestCase, summarise
from dishwasher.errors import UserError

SUITE = '<testsuite name="s">%s</testsuite>'


def one(
    inside: str, attributes: str = 'classname="app.Tests" name="test_a" time="0.5"'
) -> TestCase:
    (case,) = junit.read((SUITE % f"<testcase {attributes}>{inside}</testcase>").encode())
    return case


PYTEST = """
import pytest
def test_good(): pass
def test_bad(): assert 1 == 2, "one is not two \\x1b[31m"
@pytest.fixture
def broken(): raise RuntimeError("no set-up")
def test_error(broken): pass
@pytest.mark.skip(reason="later")
def test_skipped(): pass
@pytest.mark.xfail(strict=True)
def test_xfailed(): assert False
@pytest.mark.parametrize("x", ["a/b"])
def test_parametrized(x): pass
"""


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
def test_pytest_as_it_writes(tmp_path: Path, family: str) -> None:
    (tmp_path / "test_x.py").write_text(PYTEST)
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=r.xml"]
    argv += ["-o", f"junit_family={family}", "--rootdir=.", "-c", "/dev/null"]
    subprocess.run(argv, cwd=tmp_path, capture_output=True, check=False)
    cases = {case.name: case for case in junit.read((tmp_path / "r.xml").read_bytes())}
    assert {name: case.status for name, case in cases.items()} == {
        "test_good": Status.PASSED,
        "test_bad": Status.FAILED,
        "test_error": Status.ERROR,
        "test_skipped": Status.SKIPPED,
        "test_xfailed": Status.XFAILED,
        "test_parametrized[a/b]": Status.PASSED,
    }
    bad = cases["test_bad"]
    assert bad.path == "test_x.py"
    assert bad.line in (4, 3)
    assert "one is not two" in bad.message
    assert "assert 1 == 2" in bad.details
    assert bad.title == "test_x.test_bad"
    summary = summarise(cases.values())
    assert (summary.passed, summary.failed, summary.skipped) == (2, 2, 2)
    assert [case.name for case in summary.failing] == ["test_bad", "test_error"]


def test_a_bare_suite_as_djangos_runners_write_it() -> None:
    report = b"""\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>
    <testsuite name="app.tests.PageTests-20261122120000" tests="1" file="app/tests.py">
      <testcase classname="app.tests.PageTests" name="test_home" time="1,234.5"
                file="app/tests.py" line="12"><failure type="AssertionError" message="404 != 200">
      <![CDATA[Traceback ...]]></failure></testcase></testsuite>"""
    (case,) = junit.read(report)
    assert (case.path, case.line, case.seconds) == ("app/tests.py", 12, 1234.5)
    assert (case.status, case.message) == (Status.FAILED, "404 != 200")
    assert case.details.strip() == "Traceback ..."


def test_go_counts_leaves() -> None:
    failing = "<failure>x</failure>"
    report = SUITE % (
        f'<testcase classname="p" name="TestA">{failing}</testcase>'
        f'<testcase classname="p" name="TestA/sub">{failing}</testcase>'
        '<testcase classname="q" name="TestA"/>'
    )
    assert [(case.class_name, case.name) for case in junit.read(report.encode())] == [
        ("p", "TestA/sub"),
        ("q", "TestA"),
    ]


def test_surefire_says_what_was_flaky() -> None:
    assert one("<flakyFailure message='once'/>").status is Status.FLAKY
    assert summarise([one("<flakyFailure/>")]).passed == 1
    both = one("<failure message='in the end'/><flakyFailure message='once'/>")
    assert (both.status, both.message) == (Status.FAILED, "in the end")


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ('name="a" skipped="true"', Status.SKIPPED),
        ('name="a" status="notrun"', Status.SKIPPED),
        ('name="a" status="run"', Status.PASSED),
    ],
)
def test_skipped_as_an_attribute(attributes: str, status: Status) -> None:
    assert one("", attributes).status is status


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("0.25", 0.25),
        ("0,25", 0.25),
        ("1,234.5", 1234.5),
        ("", 0),
        ("fast", 0),
        ("-1", 0),
        ("nan", 0),
    ],
)
def test_seconds(written: str, seconds: float) -> None:
    assert one("", f'name="a" time="{written}"').seconds == seconds


def test_several_roots_and_nested_suites() -> None:
    inner = '<testsuite name="inner"><testcase name="b"/></testsuite>'
    report = SUITE % f'{inner}<testcase name="c"/>'
    cases = junit.read(f"<testsuites>{report}</testsuites>\n<?xml version='1.0'?>{report}".encode())
    assert [(case.suite, case.name) for case in cases] == [("inner", "b"), ("s", "c")] * 2


@pytest.mark.parametrize(
    "data",
    [
        (SUITE % '<testcase name="\x00a\x1b"/>').encode(),
        (SUITE % '<testcase name="&#0;a&#x1B;"/>').encode(),
        (SUITE % '<testcase name="&#xD800;a&#xFFFF;"/>').encode(),
    ],
)
def test_characters_that_xml_forbids(data: bytes) -> None:
    (case,) = junit.read(data)
    assert case.name == "\ufffda\ufffd"


def test_other_encodings() -> None:
    latin = "<?xml version='1.0' encoding='iso-8859-1'?>" + SUITE % '<testcase name="é"/>'
    assert junit.read(latin.encode("latin-1"))[0].name == "é"
    assert junit.read((SUITE % '<testcase name="é"/>').encode("utf-16"))[0].name == "é"
    unknown = "<?xml version='1.0' encoding='x-none'?>" + SUITE % '<testcase name="é"/>'
    assert junit.read(unknown.encode())[0].name == "é"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "holds no <testsuite>"),
        (b"<html/>", "holds no <testsuite>"),
        (b"<testsuite", "is not XML"),
        (b"no xml & none", "is not XML"),
        (b" " * (junit.SIZE + 1), "at most"),
    ],
)
def test_what_is_no_report_says_so(data: bytes, message: str) -> None:
    with pytest.raises(UserError, match=message):
        junit.read(data)


def test_entities_do_not_explode() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "lol">{entities}]>' + SUITE % "<testcase name='a'/>&e11;"
    began = time.process_time()
    with pytest.raises(UserError, match="is not XML"):
        junit.read(bomb.encode())
    assert time.process_time() - began < 5


def test_an_empty_suite_has_no_tests() -> None:
    assert junit.read(b"<testsuites><testsuite name='s'/></testsuites>") == ()


def test_long_texts_are_cut() -> None:
    case = one(f"<failure message='{'m' * 9000}'>{'d' * 90000}</failure>")
    assert (len(case.message), len(case.details)) == (junit.MESSAGE, junit.DETAILS)


def test_what_a_failure_says_in_its_text_alone_is_its_message() -> None:
    case = one("<failure>\nsrc/a.py:3: boom\nsrc/b.py:7: AssertionError</failure>")
    assert case.message == "src/a.py:3: boom"
    assert (case.path, case.line) == ("src/b.py", 7)


def test_fifty_thousand_tests_take_seconds_at_most() -> None:
    body = "".join(f'<testcase classname="c" name="t{n}" time="0.01"/>' for n in range(50_000))
    began = time.process_time()
    assert len(junit.read((SUITE % body).encode())) == 50_000
    assert time.process_time() - began < 5


TRACEBACK = """Traceback (most recent call last):
  File "/srv/app/tests.py", line 8, in test_a
    self.check()
  File "/srv/app/support.py", line 3, in check
    self.assertEqual(1, 2)
  File "/usr/lib/python3.12/unittest/case.py", line 885, in assertEqual
    assertion_func(first, second, msg=msg)
AssertionError: 1 != 2
"""


@pytest.mark.parametrize(
    ("attributes", "failure", "place", "message"),
    [
        # unittest-xml-reporting, which Django's runners write with: the line is that of the test.
        (
            'classname="app.tests.A" name="test_a" file="app/tests.py" line="4"',
            f'<failure type="AssertionError" message="1 != 2"><![CDATA[{TRACEBACK}]]></failure>',
            ("app/tests.py", 8),
            "1 != 2",
        ),
        (
            'classname="app.tests.A" name="test_a" file="app/tests.py" line="4"',
            '<failure type="AssertionError" message="1 != 2">no traceback</failure>',
            ("app/tests.py", 4),
            "1 != 2",
        ),
        # nose2: no file, and a message that says nothing.
        (
            'classname="app.tests.A" name="test_a"',
            f'<failure message="test failure">{TRACEBACK}</failure>',
            ("/srv/app/support.py", 3),
            "AssertionError: 1 != 2",
        ),
        # go-junit-report and gotestsum.
        (
            'classname="example.com/m/pkg" name="TestBad"',
            '<failure message="Failed"><![CDATA[    x_test.go:4: no good: 3]]></failure>',
            ("example.com/m/pkg/x_test.go", 4),
            "no good: 3",
        ),
        (
            'classname="example.com/m/pkg" name="TestBad"',
            '<failure message="Failed" type="">=== RUN   TestBad&#xA;'
            "    x_test.go:4: no&#xA;</failure>",
            ("example.com/m/pkg/x_test.go", 4),
            "no",
        ),
        ('name="TestBad"', '<failure message="Failed"/>', ("", 0), "Failed"),
        # jest-junit: what is the tool's own is no place.
        (
            'classname="outer bad" name="outer bad"',
            "<failure>Error: expect(received).toBe(expected)\n"
            "    at Object.toBe (/srv/t/a.test.js:1:92)\n"
            "    at Promise.then.completed (/srv/node_modules/jest-circus/build/utils.js:298:28)\n"
            "    at node:internal/process/task_queues:95:5\n</failure>",
            ("/srv/t/a.test.js", 1),
            "Error: expect(received).toBe(expected)",
        ),
        # vitest.
        (
            'classname="t/b.spec.mjs" name="bad"',
            '<failure message="expected 1 to be 2" type="AssertionError">\n'
            "AssertionError: expected 1 to be 2\n \u276f t/b.spec.mjs:2:34\n</failure>",
            ("t/b.spec.mjs", 2),
            "expected 1 to be 2",
        ),
        # PHPUnit.
        (
            'name="testBad" classname="CartTest" file="/srv/tests/CartTest.php" line="7"',
            '<failure type="PHPUnit\\Framework\\ExpectationFailedException">CartTest::testBad\n'
            "Failed asserting that 2 matches 1.\n\n/srv/tests/CartTest.php:9\n</failure>",
            ("/srv/tests/CartTest.php", 7),
            "PHPUnit\\Framework\\ExpectationFailedException",
        ),
    ],
)
def test_where_and_why_as_each_tool_writes_it(
    attributes: str, failure: str, place: tuple[str, int], message: str
) -> None:
    case = one(failure, attributes)
    assert ((case.path, case.line), case.message) == (place, message)


@pytest.mark.parametrize("entity", ["&l11;", "&e;"])
@pytest.mark.parametrize(
    "declared",
    [
        "".join(f"<!ENTITY l{n} '" + f"&l{n - 1};" * 10 + "'>" for n in range(1, 12)),
        '<!ENTITY e SYSTEM "file:///etc/passwd">',
    ],
)
def test_entities_are_neither_expanded_nor_fetched(declared: str, entity: str) -> None:
    report = SUITE % f"<testcase><failure>{entity}</failure></testcase>"
    with pytest.raises(UserError, match="is not XML"):
        junit.read(f"<!DOCTYPE x [{declared}]>{report}".encode())


def test_a_large_report_is_read_in_its_time_or_refused() -> None:
    many = "".join(f'<testcase classname="c{n % 99}" name="t{n}"/>' for n in range(100_000))
    assert len(junit.read((SUITE % many).encode())) == 100_000
    with pytest.raises(UserError, match="at most"):
        junit.read(b"x" * (junit.SIZE + 1))
    deep = "<testsuite>" * 20_000 + "</testsuite>" * 20_000
    assert junit.read(deep.encode()) == ()


def test_a_hostile_text_is_searched_soon() -> None:
    for piece in ("    at ", "    at (", '  File "', "a.b:1", "\t x_test.go:", "/a" * 9):
        text = (piece * 4_000)[: junit.DETAILS]
        assert (
            one(f"<failure>{text}</failure>".replace("&", ""), 'name="a"').status is Status.FAILED
        )


@pytest.mark.parametrize("escape", ["\x1b", "&#x1B;", "&#x1b;", "&#27;", "#x1B"])
def test_colours_are_taken_off(escape: str) -> None:
    failure = f"<failure message='{escape}[1;31mno{escape}[0m good'>{escape}[31mtext</failure>"
    case = one(failure)
    assert (case.message, case.details) == ("no good", "text")
