"""Log in, come back, log out; who sees what of a private repository."""

from __future__ import annotations

import io
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from dishwasher.core.access import Right
from dishwasher.core.history import begun
from dishwasher.core.home import Home
from dishwasher.core.place import Place
from dishwasher.core.session import (
    PendingLogin,
    Person,
    Session,
    open_pending,
    seal_pending,
    seal_session,
)
from dishwasher.errors import InfraError
from dishwasher.flow.tenancy import Tenancy
from dishwasher.http.login import PENDING
from dishwasher.http.message import Request, Response
from dishwasher.http.pages import Site
from dishwasher.http.readers import COOKIE, REMEMBERED, Readers
from dishwasher.http.router import Router

from tests.fakes.people import MemoryPeople
from tests.web.sample import BUILD, EVENT, REPOSITORY, Sample, job

SECRET = b"k" * 32
ANNA = Person(3, "anna")
PRIVATE = replace(BUILD, event=replace(EVENT, repository=replace(REPOSITORY, private=True)))
PATHS = [
    "/builds/b1",
    "/builds/b1/follow",
    "/jobs/b1-0",
    "/jobs/b1-0/follow",
    "/jobs/b1-0/search",
    "/jobs/b1-0/log",
]


class House:
    def __init__(self, login: bool = True, public_url: str = "https://ci.invalid") -> None:
        self.sample = Sample()
        self.clock = self.sample.clock
        self.people = MemoryPeople()
        present = Tenancy(self.sample.store).shown
        self.readers = Readers(self.clock, SECRET, self.people if login else None, present)
        pages = replace(self.sample.pages, login=login)
        site = Site(pages, self.sample.blobs, lambda: public_url, self.readers)
        self._router = Router(site.routes(), site.missing)
        running = job()
        self.sample.add(running, build=PRIVATE)
        self.sample.printed(running, b"private words\n")
        self.sample.store.save(begun(PRIVATE, [running]))

    def ask(self, path: str, cookie: str = "", method: str = "GET", **query: str) -> Response:
        headers = {"cookie": cookie} if cookie else {}
        return self._router(Request(method, path, io.BytesIO(), 0, query, headers))

    def session(self, person: Person = ANNA, until: float = 1e12) -> str:
        return f"{COOKIE}={seal_session(SECRET, Session(person, until))}"


@pytest.fixture
def house() -> House:
    return House()


def cookies(answer: Response) -> dict[str, str]:
    """Name and value; the rest is asserted where it matters."""
    found = [value for name, value in answer.headers if name == "set-cookie"]
    return dict(one.partition(";")[0].split("=", 1) for one in found)


def header(answer: Response, name: str) -> str:
    return dict(answer.headers)[name]


def content(answer: Response) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


@pytest.mark.parametrize("path", [*PATHS, "/repositories/1", "/repositories/1/badge.svg"])
def test_a_private_page_is_for_whom_github_lets_in(house: House, path: str) -> None:
    stranger, old = house.ask(path, house.session()), house.ask(path, house.session(until=1.0))
    nobody = house.ask(path)
    for answer in (nobody, stranger, old):
        assert answer.status == 404 and b"private words" not in content(answer)
    house.clock.advance(REMEMBERED + 1)
    house.people.readers.add((1, ANNA.id))
    assert house.ask(path, house.session()).status == 200
    assert house.ask(path, house.session(Person(4, "anna"))).status == 404
    assert house.ask(path, f"{COOKIE}=forged.{'0' * 64}").status == 404


@pytest.mark.parametrize("path", PATHS)
def test_what_is_unknown_looks_as_what_is_forbidden(house: House, path: str) -> None:
    unknown = path.replace("b1", "b9")
    for cookie in ("", house.session()):
        first, second = house.ask(path, cookie), house.ask(unknown, cookie)
        assert first.status == second.status == 404
        assert content(first).replace(b"b1", b"b9") == content(second)
        assert set(first.headers) == set(second.headers)


def test_a_missing_page_offers_a_login_or_a_logout(house: House) -> None:
    assert b'href="/login?next=/jobs/b1-0"' in content(house.ask("/jobs/b1-0"))
    known = content(house.ask("/jobs/b1-0", house.session()))
    assert b"logged in as anna" in known and b"/login?" not in known


def became(house: House, right: Right, *, private: bool) -> None:
    """GitHub told this of the repository after it was built."""
    repository = replace(EVENT.repository, private=private)
    house.sample.store.save(Place(str(repository.id), repository, right))


def test_a_repository_that_was_made_private_shows_nothing_of_before(house: House) -> None:
    build = house.sample.pages.find_build("b1")
    assert build is not None
    house.sample.store.save(replace(build, event=EVENT))
    became(house, Right.GRANTED, private=True)
    assert {house.ask(path).status for path in (*PATHS, "/repositories/1")} == {404}
    house.people.readers.add((1, ANNA.id))
    assert {house.ask(path, house.session()).status for path in PATHS} == {200}


@pytest.mark.parametrize("path", ["/jobs/b1-0", "/builds/b1", "/repositories/1", "/"])
def test_pages_name_a_repository_as_it_is_called_by_now(house: House, path: str) -> None:
    old = EVENT.repository
    house.people.readers.add((1, ANNA.id))
    moved = replace(old, owner="others", name="shop", private=True)
    house.sample.store.save(Place("1", moved), Home("1"))
    shown = content(house.ask(path, house.session()))
    assert b"others/shop" in shown
    # Whoever has its old name now is somebody else.
    assert old.full_name.encode() not in shown


@pytest.mark.parametrize("login", [True, False])
def test_a_repository_that_was_deleted_shows_nothing_any_more(login: bool) -> None:
    house = House(login)
    house.people.readers.add((1, ANNA.id))
    became(house, Right.DELETED, private=False)
    for cookie in ("", house.session()):
        assert {house.ask(path, cookie).status for path in PATHS} == {404}
        assert house.ask("/repositories/1", cookie).status == 404


def test_public_pages_need_no_login(house: House) -> None:
    build = house.sample.pages.find_build("b1")
    assert build is not None
    house.sample.store.save(replace(build, event=EVENT))
    assert {house.ask(path).status for path in PATHS} == {200}
    assert house.people.asked == 0


def test_without_a_login_an_address_is_all_that_a_reader_needs() -> None:
    house = House(login=False)
    assert {house.ask(path).status for path in PATHS} == {200}
    assert house.ask("/repositories/1").status == 404
    assert house.ask("/login").status == 404
    assert b"Log in" not in content(house.ask("/nothing"))


def test_github_is_asked_once_a_minute_and_its_silence_shows_nothing(house: House) -> None:
    house.people.readers.add((1, ANNA.id))
    for _ in range(5):
        assert house.ask("/jobs/b1-0", house.session()).status == 200
    assert house.people.asked == 1
    house.clock.advance(REMEMBERED)
    house.people.fault = InfraError("GitHub is away")
    assert house.ask("/jobs/b1-0", house.session()).status == 404
    house.people.fault = None
    house.people.readers.clear()
    assert house.ask("/jobs/b1-0", house.session()).status == 404


def test_logging_in_leads_back_to_the_page(house: House) -> None:
    begun = house.ask("/login", next="/jobs/b1-0")
    assert begun.status == 303
    sealed = cookies(begun)[PENDING]
    pending = open_pending(SECRET, sealed, house.clock.now())
    assert pending is not None and 43 <= len(pending.verifier) <= 128
    state, challenge, back = urlsplit(header(begun, "location")).query.split("&")
    assert (state, challenge) == (pending.state, pending.challenge)
    assert back == "https://ci.invalid/login/callback"

    house.people.codes["code", pending.verifier] = ANNA
    answer = house.ask("/login/callback", f"{PENDING}={sealed}", code="code", state=state)
    assert (answer.status, header(answer, "location")) == (303, "/jobs/b1-0")
    got = cookies(answer)
    assert got[PENDING] == ""
    house.people.readers.add((1, ANNA.id))
    assert house.ask("/jobs/b1-0", f"{COOKIE}={got[COOKIE]}").status == 200
    again = house.ask("/login/callback", f"{PENDING}={sealed}", code="code", state=state)
    assert again.status == 403 and COOKIE not in cookies(again)


@pytest.mark.parametrize(
    ("pending", "query"),
    [
        (None, {"code": "code", "state": "s"}),
        (PendingLogin("s", "v", "/", 1e12), {"code": "code", "state": "other"}),
        (PendingLogin("s", "v", "/", 1e12), {"code": "code"}),
        (PendingLogin("s", "v", "/", 1.0), {"code": "code", "state": "s"}),
        (PendingLogin("s", "v", "/", 1e12), {"state": "s", "error": "access_denied"}),
        (PendingLogin("s", "w", "/", 1e12), {"code": "code", "state": "s"}),
        (PendingLogin("s", "v", "/", 1e12), {"code": "code", "state": "ü"}),
    ],
)
def test_what_this_browser_did_not_begin_logs_nobody_in(
    house: House, pending: PendingLogin | None, query: dict[str, str]
) -> None:
    house.people.codes["code", "v"] = ANNA
    cookie = f"{PENDING}={seal_pending(SECRET, pending)}" if pending else ""
    answer = house.ask("/login/callback", cookie, **query)
    assert answer.status == 403 and cookies(answer) == {}
    assert b"/login" in content(answer)


def test_logging_out_empties_the_cookie(house: House) -> None:
    answer = house.ask("/logout", house.session(), "POST")
    assert (answer.status, cookies(answer)) == (303, {COOKIE: ""})
    assert house.ask("/logout", house.session()).status == 405


@pytest.mark.parametrize(("url", "secure"), [("https://ci.invalid", True), ("http://l", False)])
def test_cookies_are_out_of_reach_of_scripts_and_other_sites(url: str, secure: bool) -> None:
    answer = House(public_url=url).ask("/login")
    (text,) = [value for name, value in answer.headers if name == "set-cookie"]
    assert "; HttpOnly; SameSite=Lax" in text and ("; Secure" in text) is secure
    assert "Path=/login/callback" in text


def test_a_broken_cookie_header_is_no_session(house: House) -> None:
    assert house.ask("/jobs/b1-0", 'a="\x00;;=;' + COOKIE).status == 404


def listed(house: House, cookie: str = "") -> str:
    return content(house.ask("/", cookie)).decode()


def test_the_front_page_lists_what_its_reader_may_see(house: House) -> None:
    house.sample.store.save(Home(str(REPOSITORY.id)))
    assert "acme/site" not in listed(house)
    assert "acme/site" not in listed(house, house.session())
    house.clock.advance(REMEMBERED)
    house.people.readers.add((REPOSITORY.id, ANNA.id))
    page = listed(house, house.session())
    assert "acme/site" in page and 'href="/repositories/1"' in page


def test_everybody_sees_public_repositories_on_the_front_page(house: House) -> None:
    public = replace(BUILD, id="b9", event=replace(EVENT, repository=replace(REPOSITORY, id=9)))
    house.sample.store.save(public, begun(public, [job()]), Home("9"))
    assert 'href="/repositories/9"' in listed(house)
    assert house.people.asked == 0


def test_every_page_says_who_is_logged_in_and_lets_them_leave(house: House) -> None:
    house.people.readers.add((REPOSITORY.id, ANNA.id))
    for path in ("/", "/builds/b1", "/jobs/b1-0", "/repositories/1", "/jobs/b1-0/search"):
        page = content(house.ask(path, house.session())).decode()
        assert "<span>anna</span>" in page and 'action="/logout"' in page
    assert 'href="/login?next=/nothing"' in content(house.ask("/nothing")).decode()


def test_a_login_that_failed_can_be_begun_again(house: House) -> None:
    page = content(house.ask("/login/callback")).decode()
    assert "Not logged in" in page and 'href="/login"' in page
