"""A squarified treemap (Bruls, Huizing, van Wijk, 2000): areas in proportion, rectangles as square as they go. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A place in the picture; the origin is its upper left corner."""

    left: float
    top: float
    width: float
    height: float


def squarified(weights: Sequence[int], inside: Rectangle) -> list[Rectangle]:
    """A rectangle for each weight, in their order; together they fill `inside`. A weight of 0 gets no area.

    :raise ValueError: a weight below 0.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("an area is not negative")
    total = sum(weights)
    places = [Rectangle(inside.left, inside.top, 0, 0)] * len(weights)
    if total == 0 or inside.width <= 0 or inside.height <= 0:
        return places
    scale = inside.width * inside.height / total
    left = sorted((number for number, weight in enumerate(weights) if weight), key=lambda each: -weights[each])
    free = inside
    while left:
        row = _row([weights[each] * scale for each in left], min(free.width, free.height))
        areas = [weights[each] * scale for each in left[:row]]
        made, free = _laid(areas, free)
        for number, place in zip(left[:row], made, strict=True):
            places[number] = place
        left = left[row:]
    return places


def _row(areas: Sequence[float], side: float) -> int:
    """How many of the areas, the largest first, make the best row along a side."""
    best, total = float("inf"), 0.0
    for number, area in enumerate(areas):
        total += area
        worst = max(side**2 * areas[0] / total**2, total**2 / (side**2 * area))
        if worst > best:
            return number
        best = worst
    return len(areas)


def _laid(areas: Sequence[float], free: Rectangle) -> tuple[list[Rectangle], Rectangle]:
    """A row along the shorter side, and what stays free beside it."""
    total, places = sum(areas), []
    if free.width >= free.height:
        thick, at = total / free.height, free.top
        for area in areas:
            places.append(Rectangle(free.left, at, thick, area / thick))
            at += area / thick
        return places, Rectangle(free.left + thick, free.top, max(free.width - thick, 0), free.height)
    thick, at = total / free.width, free.left
    for area in areas:
        places.append(Rectangle(at, free.top, area / thick, thick))
        at += area / thick
    return places, Rectangle(free.left, free.top + thick, free.width, max(free.height - thick, 0))
