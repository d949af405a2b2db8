from __future__ import annotations

import re

from dishwasher.web.assets import Assets, palette


def test_names_change_with_the_content() -> None:
    assets = Assets()
    for name, kind in [
        ("style.css", "text/css; charset=utf-8"),
        ("follow.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ]:
        url = assets.url(name)
        stem, suffix = name.split(".")
        assert re.fullmatch(rf"/static/{stem}\.[0-9a-f]{{12}}\.{suffix}", url)
        asset = assets.get(url.removeprefix("/static/"))
        assert asset is not None and asset.type == kind and asset.data
    assert assets.get("style.css") is None


def test_the_style_sheet_knows_every_terminal_colour() -> None:
    rules = dict(re.findall(r"\.([fb]\d+)\{(?:color|background):#([0-9a-f]{6})\}", palette()))
    assert set(rules) == {f"{kind}{number}" for kind in "fb" for number in range(256)}
    assert (rules["b196"], rules["b232"], rules["b255"]) == ("ff0000", "080808", "eeeeee")


def test_text_is_never_too_dark_to_read() -> None:
    for colour in re.findall(r"\{color:#([0-9a-f]{6})\}", palette()):
        red, green, blue = (int(colour[at : at + 2], 16) for at in (0, 2, 4))
        assert 0.3 * red + 0.59 * green + 0.11 * blue > 124, colour
