"""Where signature boxes stand: two columns, upwards from the foot of a document's last page. Pure.

Layout draws the boxes and signing puts the fields in them; both ask here, so that they agree without telling each
other. The first signer's box is the first one read, at the upper left.
"""

from dataclasses import dataclass

POINTS_PER_MM = 72 / 25.4
A4_WIDTH = 595.276

MARGIN = 20 * POINTS_PER_MM
FOOT = 26 * POINTS_PER_MM
GAP = 8.0
HEIGHT = 84.0
COLUMNS = 2
MOST = 14
"""Boxes on one page: seven rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in PDF points; `left` and `bottom` count from the page's lower left corner."""

    left: float
    bottom: float
    width: float
    height: float


def signature_boxes(count: int, *, page_width: float = A4_WIDTH) -> tuple[Box, ...]:
    """The boxes of `count` signers, in their order.

    :raise ValueError: more than one page can hold.
    """
    if not 0 <= count <= MOST:
        raise ValueError(f"one page has room for {MOST} signatures")
    width = (page_width - 2 * MARGIN - GAP * (COLUMNS - 1)) / COLUMNS
    rows = -(-count // COLUMNS)
    return tuple(
        Box(
            left=round(MARGIN + place % COLUMNS * (width + GAP), 3),
            bottom=round(FOOT + (rows - 1 - place // COLUMNS) * (HEIGHT + GAP), 3),
            width=round(width, 3),
            height=HEIGHT,
        )
        for place in range(count)
    )
