"""The files of a commit in one archive: the API leads to where it can be had."""

from __future__ import annotations

from urllib.parse import quote

from dishwasher.demo.github import codeload
from dishwasher.demo.github.answer import Answer, not_found
from dishwasher.demo.github.routes import Call, route


# https://docs.github.com/rest/repos/contents#download-a-repository-archive-tar
@route("GET", "/repos/{owner}/{repo}/tarball/{ref}", "contents:read")
def get(call: Call) -> Answer:
    sha = call.world.git[call.repository.id].resolve(call.params["ref"])
    if sha is None:
        raise not_found()
    place = codeload.place(call.world, call.repository, call.params["ref"], sha)
    return Answer(302, b"", {"Location": quote(place, safe=":/?=&%")})
