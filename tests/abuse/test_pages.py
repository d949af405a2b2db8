"""Cases 30, 58 and 59: pages of private repositories, for who may not see them and who means harm.

Everybody logs in through GitHub here, and each repository is a private one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from html import escape
from urllib.parse import quote

import pytest
from dishwasher.demo.github import Repo
from dishwasher.local.uploads import UPLOAD_SECONDS, Leave, Sight, sign
from dishwasher.wiring.keys import derive

from tests.abuse.reader import Answer, Elements, Reader
from tests.abuse.skew import Skew
from tests.e2e.table import Row
from tests.e2e.world import World

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(1)>'
PAGE, PICTURE = f"<!doctype html>{SCRIPT}", "<svg xmlns='http://www.w3.org/2000/svg' onload='a()'/>"
BROKEN = "a\r\nSet-Cookie: stolen=1\r\n\r\n<b>"
"""A name of a file that ends the header that it stands in."""
JUNIT = f"""<testsuite>
<testcase classname="c" name="{escape(IMAGE, quote=True)}"><failure message="{escape(SCRIPT)}">
{escape(SCRIPT)}</failure></testcase>
</testsuite>"""
MARKUP = f"""\
checks:
  tests:
    run: |
      cat hostile.txt; printf '\\033]8;;javascript:alert(1)\\033\\\\link\\033]8;;\\033\\\\\\n'
      cp page.html picture.svg "$DISHWASHER_ARTIFACTS"
      mkdir "$DISHWASHER_ARTIFACTS/"'{IMAGE.replace("/", "")}'
      echo x > "$DISHWASHER_ARTIFACTS/"'{IMAGE.replace("/", "")}/{IMAGE}'
      printf x > "$DISHWASHER_ARTIFACTS/$(printf 'quote"; filename=evil.html')"
      printf x > "$DISHWASHER_ARTIFACTS/$(printf 'a\\r\\nSet-Cookie: stolen=1\\r\\n\\r\\n<b>')"
      exit 1
    reports: {{junit: junit.xml}}
"""
FILES = {
    "hostile.txt": SCRIPT + IMAGE,
    "page.html": PAGE,
    "picture.svg": PICTURE,
    "junit.xml": JUNIT,
}
BRANCH = "<img/src=x>'\"&amp;"
POLICY = "default-src 'none'"
FRAMES = "frame-ancestors 'none'"
HOUR = 3600.0
UNKNOWN_JOB, UNKNOWN_BUILD, UNKNOWN_ID = "0" * 20 + "-0", "0" * 20, "999999999"
TIMES = 60
SLACK = 0.004
"""Seconds that no network tells apart."""


@pytest.fixture(scope="module")
def skew(tmp_path_factory: pytest.TempPathFactory) -> Skew:
    return Skew(tmp_path_factory.mktemp("clock") / "skew")


@pytest.fixture(scope="module")
def world(skew: Skew, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("private")
    made = World(folder, login=True, environment=skew.environment)
    try:
        yield made.start()
    finally:
        made.close()
    assert made.github.violations == []


@pytest.fixture(autouse=True)
def present(world: World, skew: Skew) -> Iterator[None]:
    """Whatever a test has done to the clock, the next one begins now."""
    yield
    set_clock(world, skew, 0.0)


def set_clock(world: World, skew: Skew, seconds: float) -> None:
    skew.set(seconds)
    world.github.clock.advance(seconds - world.github.clock.offset)


@pytest.fixture(scope="module")
def hostile(world: World) -> tuple[Repo, Row]:
    """A repository whose every word is markup, and its one job."""
    repo = world.repo(MARKUP, FILES)
    sha = repo.commit({"n": "1"}, message=f"{SCRIPT}{IMAGE}", branch=BRANCH)
    repo.open_pull(BRANCH, title=IMAGE)
    world.concluded(sha)
    world.wait_settled(sha)
    (job,) = world.table.jobs(sha)
    assert job["reason"] == "failed", job
    world.github.add_user("anna")
    repo.collaborate("anna", "read")
    return repo, job


def anna(world: World) -> Reader:
    reader = Reader(world)
    reader.log_in("anna")
    return reader


def files(job: Row) -> list[str]:
    """Addresses of what the job has made."""
    return [f"/jobs/{job['id']}/artifacts/{quote(name)}" for name in ("page.html", "picture.svg")]


def test_case_30_a_page_or_picture_that_a_job_has_made_can_only_be_saved(
    world: World, hostile: tuple[Repo, Row]
) -> None:
    reader = anna(world)
    for address, text in zip(files(hostile[1]), (PAGE, PICTURE), strict=True):
        answer = reader.ask(address)
        assert (answer.status, answer.body) == (200, text.encode())
        assert answer.header("content-type") == "application/octet-stream"
        assert answer.header("content-disposition").startswith('attachment; filename="')
        assert answer.header("x-content-type-options") == "nosniff"
        assert answer.header("content-security-policy") == "default-src 'none'; sandbox"
        assert "private" in answer.header("cache-control")


def test_case_30_what_lets_a_reader_in_ends(
    world: World, skew: Skew, hostile: tuple[Repo, Row]
) -> None:
    reader, (address, _) = anna(world), files(hostile[1])
    assert reader.ask(address).status == 200
    assert Reader(world).ask(address).status == 404
    set_clock(world, skew, 8 * HOUR + 60)
    assert reader.ask(address).status == 404
    reader.cookies["dishwasher_session"] = "e30." + "0" * 64
    assert reader.ask(address).status == 404


def private(repo: Repo, job: Row) -> list[tuple[str, str]]:
    """Addresses of what is private, each with one of its kind that is nobody's."""
    id, build = job["id"], job["build"]
    of_a_job = ["", "/follow", "/log", "/log?start=0&end=9", "/search?q=a", "/artifacts.tar.gz"]
    of_a_job += ["/artifacts/page.html", "/artifacts/none", "?from=0", "?from=x", "/log?start=x"]
    of_a_list = ["", "/follow", "/badge.svg", "?branch=master", "/badge.svg?branch=none"]
    pairs = [(f"/jobs/{id}{rest}", f"/jobs/{UNKNOWN_JOB}{rest}") for rest in of_a_job]
    pairs += [
        (f"/builds/{build}{rest}", f"/builds/{UNKNOWN_BUILD}{rest}") for rest in ("", "/follow")
    ]
    known, unknown = f"/repositories/{repo.id}", f"/repositories/{UNKNOWN_ID}"
    return pairs + [(known + rest, unknown + rest) for rest in of_a_list]


def anonymous(answer: Answer, address: str) -> Answer:
    """Without what every page says of itself: its own address, and the time."""
    path = address.partition("?")[0]
    headers = tuple(pair for pair in answer.headers if pair[0] not in ("date", "content-length"))
    return Answer(answer.status, headers, answer.body.replace(quote(path).encode(), b"ADDRESS"))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
def test_case_58_what_is_private_looks_like_what_is_not_there(
    world: World, hostile: tuple[Repo, Row], method: str
) -> None:
    nobody = Reader(world)
    for known, unknown in private(*hostile):
        found, missing = nobody.ask(known, method), nobody.ask(unknown, method)
        assert found.status == (404 if method in ("GET", "HEAD") else 405), known
        assert anonymous(found, known) == anonymous(missing, unknown), known
        assert repo_name(hostile) not in found.body


def repo_name(hostile: tuple[Repo, Row]) -> bytes:
    return hostile[0].full_name.encode()


def test_case_58_who_is_logged_in_and_may_not_see_it_learns_no_more(
    world: World, hostile: tuple[Repo, Row]
) -> None:
    world.github.add_user("eve")
    eve = Reader(world)
    eve.log_in("eve")
    for known, unknown in private(*hostile):
        found, missing = eve.ask(known), eve.ask(unknown)
        assert found.status == 404, known
        assert anonymous(found, known) == anonymous(missing, unknown), known
    assert repo_name(hostile) not in eve.ask("/").body
    assert repo_name(hostile) in anna(world).ask("/").body


def test_case_58_a_guess_takes_as_long_as_a_hit(world: World, hostile: tuple[Repo, Row]) -> None:
    """Also where there is much to read: a long result, a long log."""
    repo, job = hostile
    grow(world, job)
    nobody = Reader(world)
    for known, unknown in private(repo, job):
        took: dict[str, list[float]] = {known: [], unknown: []}
        for number in range(2 * TIMES):
            # In turns, so that what else this machine does is in both.
            address = (known, unknown)[number % 2]
            began = time.perf_counter()
            nobody.ask(address)
            took[address].append(time.perf_counter() - began)
        # The least is what the work itself takes, however busy the machine is.
        hit, miss = min(took[known]), min(took[unknown])
        assert abs(hit - miss) < max(SLACK, miss / 2), (known, hit, miss)


def grow(world: World, job: Row) -> None:
    """As if the job had found very much."""
    place = world.bot.data / "blobs/attempts" / f"{job['id']}.{job['attempt']}" / "=result.json"
    result = place.read_text()
    finding = '{"path":"a.py","start_line":1,"end_line":1,"level":"warning","message":"%s"}' % (
        "x" * 200
    )
    many = ",".join([finding] * 10_000)
    assert '"findings":[' in result
    place.write_text(result.replace('"findings":[', f'"findings":[{many},', 1).replace(",]", "]"))


def test_case_58_a_signed_link_ends_and_is_for_one_thing_alone(
    world: World, skew: Skew, hostile: tuple[Repo, Row]
) -> None:
    job, secret = hostile[1], derive(world.app.webhook_secret.encode(), "uploads")
    key = f"attempts/{job['id']}.{job['attempt']}/artifacts/page.html"
    until = time.time() + UPLOAD_SECONDS
    link = sign(Sight(key, until), secret)
    nobody = Reader(world)
    assert nobody.ask(f"/downloads/{link}").body == PAGE.encode()
    text, _, signature = link.partition(".")
    other = sign(Sight(key.replace("page.html", "other"), until), secret).partition(".")[0]
    leave = sign(Leave(key, 3, "0" * 64, until), secret)
    for wrong in (text, f"{text}.", f"{text}.{signature[:-2]}AA", f"{other}.{signature}", leave):
        assert nobody.ask(f"/downloads/{wrong}").status == 403
    assert nobody.ask(f"/uploads/{link}", "PUT").status == 403
    set_clock(world, skew, UPLOAD_SECONDS + 60)
    ended = nobody.ask(f"/downloads/{link}")
    assert (ended.status, PAGE.encode() in ended.body) == (410, False)
    assert nobody.ask(f"/uploads/{leave}", "PUT").status == 410


def test_case_59_markup_is_text_on_every_page(world: World, hostile: tuple[Repo, Row]) -> None:
    reader, (repo, job) = anna(world), hostile
    job_page = f"/jobs/{job['id']}"
    list_page = f"/repositories/{repo.id}"
    pages = ["/", list_page, f"{list_page}?branch={quote(BRANCH, safe='')}"]
    pages += [f"/builds/{job['build']}", job_page, f"{job_page}/search?q={quote(SCRIPT)}"]
    pages += [f"/nothing/{quote(IMAGE)}", f"{list_page}?before={quote(IMAGE)}"]
    seen = b""
    for address in pages:
        answer = reader.ask(address)
        assert answer.header("content-security-policy").startswith(POLICY), address
        assert FRAMES in answer.header("content-security-policy")
        assert "unsafe" not in answer.header("content-security-policy")
        for tag, given in Elements(answer.body).found:
            assert not [name for name in given if name.startswith("on")], (address, tag, given)
            own = str(given.get("src", "/static/")).startswith(("/static/", list_page))
            assert own and (tag != "script" or "src" in given), (address, tag, given)
            assert not str(given.get("href") or "").lower().startswith("javascript:"), address
        seen += answer.body
    assert b"&lt;script&gt;alert(1)&lt;/script&gt;" in seen
    assert SCRIPT.encode() not in seen and b"<img src=x" not in seen and b"<svg xmlns" not in seen


def test_case_59_what_a_page_follows_is_escaped_too(
    world: World, hostile: tuple[Repo, Row]
) -> None:
    reader, (repo, job) = anna(world), hostile
    for address in (f"/jobs/{job['id']}", f"/builds/{job['build']}", f"/repositories/{repo.id}"):
        answer = reader.ask(f"{address}/follow")
        assert answer.header("content-type") == "application/json"
        assert b"<script" not in answer.body and b"<img" not in answer.body
        assert answer.header("x-content-type-options") == "nosniff"


@pytest.mark.parametrize(
    "next",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/x\r\nSet-Cookie: stolen=1",
        "evil.example",
        "/@evil.example\\",
        "/" + "a" * 9000,
    ],
)
def test_case_59_a_login_leads_back_to_our_own_pages_alone(world: World, next: str) -> None:
    if not world.github.world.viewer:
        world.github.add_user("next")
    reader = Reader(world)
    assert reader.log_in("anna" if "anna" in logins(world) else "next", next) == "/"


def logins(world: World) -> set[str]:
    return {user.login for user in world.github.world.users.values()}


def test_case_59_a_login_comes_back_to_the_page_that_asked(
    world: World, hostile: tuple[Repo, Row]
) -> None:
    address = f"/jobs/{hostile[1]['id']}"
    found = [
        given["href"]
        for tag, given in Elements(Reader(world).ask(address).body).found
        if tag == "a"
    ]
    assert f"/login?next={address}" in found
    assert Reader(world).log_in("anna", address) == address


def test_case_59_no_name_of_a_file_ends_its_header(world: World, hostile: tuple[Repo, Row]) -> None:
    reader, id = anna(world), hostile[1]["id"]
    for name in ('quote"; filename=evil.html', f"{IMAGE.replace('/', '')}/{IMAGE}", BROKEN):
        answer = reader.ask(f"/jobs/{id}/artifacts/{quote(name, safe='')}")
        base = name.rpartition("/")[2]
        disposition = answer.header("content-disposition")
        assert (answer.status, disposition.partition(";")[0]) == (200, "attachment")
        assert disposition.endswith(f"; filename*=UTF-8''{quote(base, safe='')}")
        assert disposition.count('"') == 2
        assert answer.cookies == {}
    folder = reader.ask(f"/jobs/{id}/artifacts.tar.gz?folder={quote(IMAGE.replace('/', ''))}")
    assert folder.status == 200 and folder.header("content-disposition").count('"') == 2
    assert reader.ask(f"/x{quote(BROKEN)}").cookies == {}
