from __future__ import annotations

from dataclasses import replace

from dishwasher.core.build import Build
from dishwasher.core.history import begun
from dishwasher.core.home import Home
from dishwasher.core.job import Conclusion

from tests.fakes.clock import NOON
from tests.web.sample import BUILD, EVENT, REPOSITORY, Sample, job

URL = "https://ci.invalid"


def built(sample: Sample, id: int, name: str, created: float) -> Build:
    event = replace(EVENT, repository=replace(REPOSITORY, id=id, name=name), message="Bake <it>")
    build = replace(BUILD, id=f"b{id}", event=event, created=created)
    entry = replace(begun(build, [job()]), conclusion=Conclusion.FAILURE, ended=created + 7)
    sample.store.save(build, entry, Home(str(id)))
    return build


def test_repositories_are_listed_the_last_that_moved_first() -> None:
    sample = Sample()
    built(sample, 1, "site", NOON - 90)
    built(sample, 2, "shop", NOON - 50)
    html = sample.pages.front(sample.pages.find_repositories(), URL)
    assert html.index("acme/shop") < html.index("acme/site")
    assert 'href="/repositories/2"' in html and "Failed" in html and "Bake &lt;it&gt;" in html
    assert "is ready" not in html


def test_a_stranger_s_failure_is_not_how_a_repository_stands() -> None:
    sample = Sample()
    build = built(sample, 1, "site", NOON - 90)
    passed = begun(replace(build, id="old", created=NOON - 95), [job()])
    passed = replace(passed, branch="master", title="Bake", conclusion=Conclusion.SUCCESS)
    sample.store.save(passed)
    html = sample.pages.front(sample.pages.find_repositories(), URL)
    assert "Passed" in html and "Failed" not in html and "master" in html


def test_without_a_repository_the_page_says_how_to_begin() -> None:
    html = Sample().pages.front((), URL)
    assert "Dishwasher is ready" in html and f"{URL}/webhook" in html


def test_a_repository_whose_builds_are_gone_is_not_listed() -> None:
    sample = Sample()
    sample.store.save(Home("9"))
    assert sample.pages.find_repositories() == ()
