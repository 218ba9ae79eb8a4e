"""The treemap: areas in proportion, nothing outside, nothing on top of another."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists

from signer.rendering.treemap import Rectangle, squarified

INSIDE = Rectangle(10, 20, 482, 330)


def shared(one: Rectangle, other: Rectangle) -> float:
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    return max(width, 0) * max(height, 0)


@given(weights=lists(integers(0, 3_000_000), min_size=1, max_size=40))
def test_areas_are_in_proportion_and_fill_the_place(weights: list[int]) -> None:
    places = squarified(weights, INSIDE)
    assert len(places) == len(weights)
    total, area = sum(weights), INSIDE.width * INSIDE.height
    for weight, place in zip(weights, places, strict=True):
        assert place.width * place.height == pytest.approx(area * weight / total if total else 0, abs=1e-3)
        assert place.left >= INSIDE.left - 1e-6
        assert place.top >= INSIDE.top - 1e-6
        assert place.left + place.width <= INSIDE.left + INSIDE.width + 1e-6
        assert place.top + place.height <= INSIDE.top + INSIDE.height + 1e-6
    assert sum(shared(one, other) for one, other in combinations(places, 2)) < 1e-2


def test_the_example_of_the_paper() -> None:
    """6, 6, 4, 3, 2, 2, 1 in 6 × 4 (Bruls et al., figure 5)."""
    places = squarified([6, 6, 4, 3, 2, 2, 1], Rectangle(0, 0, 6, 4))
    assert [(each.width, each.height) for each in places[:2]] == [(3, 2), (3, 2)]
    assert places[2].width / places[2].height == pytest.approx(1.7142857 / 2.3333333)


def test_an_area_is_not_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        squarified([1, -1], INSIDE)
