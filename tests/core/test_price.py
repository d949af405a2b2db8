"""core.price: figures to go by, from a table that says how old it is and where it comes from."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from dishwasher.core import price
from dishwasher.core.price import FREE, LARGE, MEDIUM, SMALL, TABLE, Architecture, Fleet, Rate


def test_the_table_has_a_date_a_region_and_a_source_for_every_price() -> None:
    assert date.fromisoformat(price.DATED) >= date(2026, 11, 1)
    assert price.REGION.startswith("us-")
    for line in TABLE:
        assert line.dollars > 0
        assert urlsplit(line.source).scheme == "https"


def test_no_price_stands_twice() -> None:
    keys = [(line.fleet, line.architecture, line.unit, line.kind) for line in TABLE]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("fleet", Fleet)
def test_every_fleet_has_a_price_for_the_default_architecture(fleet: Fleet) -> None:
    assert any((line.fleet, line.architecture) == (fleet, Architecture.ARM64) for line in TABLE)


@pytest.mark.parametrize(
    ("architecture", "expected"), [("arm64", 0.00829239), ("x86_64", 0.01036535)]
)
def test_three_minutes_of_a_function_with_two_processors(
    architecture: str, expected: float
) -> None:
    # 3,538 MB for 180 s are 621.914 GB-seconds.
    assert price.function(architecture, 3538).of(180) == pytest.approx(expected, rel=1e-4)


def test_a_function_pays_for_its_request_and_for_more_tmp_than_is_free() -> None:
    small, wide = price.function("arm64", 1024), price.function("arm64", 1024, 512 + 1024)
    assert small.of(0) == pytest.approx(0.0000002)
    assert small.of(100) == pytest.approx(0.0000002 + 0.00133334)
    assert wide.of(100) - small.of(100) == pytest.approx(0.00000309)
    assert price.function("arm64", 1024, 0) == small


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(0, 1), (-5, 1), (1, 1), (60, 1), (60.1, 2), (179, 3), (181, 4)]
)
def test_codebuild_bills_minutes_that_were_begun(seconds: float, minutes: int) -> None:
    assert price.codebuild("arm64", SMALL).of(seconds) == pytest.approx(minutes * 0.0034)


@pytest.mark.parametrize(("architecture", "small"), [("arm64", 0.0034), ("x86_64", 0.005)])
def test_codebuild_costs_twice_as_much_with_each_compute_type(
    architecture: str, small: float
) -> None:
    kinds = [price.codebuild(architecture, kind).of(60) for kind in (SMALL, MEDIUM, LARGE)]
    assert kinds == pytest.approx([small, 2 * small, 4 * small])


def test_codebuild_costs_nothing_that_we_know_of_where_the_table_has_no_price() -> None:
    assert price.codebuild("x86_64", "BUILD_GENERAL1_2XLARGE") == FREE


def test_a_microvm_pays_for_its_baseline() -> None:
    # aws.md: 2 vCPU and 4 GB are 0.0042 USD a minute.
    assert price.microvm("arm64", 2, 4096).of(60) == pytest.approx(0.0042, abs=0.00001)
    assert price.microvm("x86_64", 2, 4096) == FREE


def test_an_architecture_that_aws_does_not_have_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="riscv"):
        price.function("riscv", 1024)


def test_a_machine_of_ones_own_costs_nothing() -> None:
    assert FREE.of(3600) == 0.0
    assert Rate(second=0.5, start=1.0).of(-3) == 1.0, "a clock that was set back earns nothing"


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0.0, "under 0.0001 USD"),
        (0.00004, "under 0.0001 USD"),
        (0.00046, "0.0005 USD"),
        (0.008523, "0.0085 USD"),
        (0.0127, "0.013 USD"),
        (0.136, "0.14 USD"),
        (1.0, "1.00 USD"),
        (12.4, "12.40 USD"),
        (1234.5, "1,234.50 USD"),
    ],
)
def test_an_estimate_has_no_more_digits_than_it_deserves(amount: float, words: str) -> None:
    assert price.dollars(amount) == words


def test_the_documentation_has_the_same_table() -> None:
    text = (Path(__file__).parents[2] / "docs" / "aws.md").read_text()
    assert price.DATED in text
    assert price.REGION in text
    for line in TABLE:
        assert f"{line.dollars:.10f}".rstrip("0") in text, line
