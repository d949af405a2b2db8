"""Rights are kept for an installation as a whole, and for each of its repositories."""

from __future__ import annotations

from dishwasher.core.access import BARRED, Access, Right, access_id


def test_an_installation_and_its_repositories_have_rows_of_their_own() -> None:
    assert access_id(3) != access_id(3, 7) != access_id(4, 7)
    assert Access(access_id(3), Right.GRANTED).group == ""


def test_who_has_no_right_is_told_why() -> None:
    assert BARRED.keys() == set(Right) - {Right.GRANTED}
