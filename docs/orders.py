"""Print the transition table of key orders as docs/key-orders.md; `--check` fails when the page is out of date."""

import sys
from pathlib import Path

from pki.quota.transitions import OPENINGS, TRANSITIONS, Purchase, Transition

PAGE = Path(__file__).resolve().parent / "key-orders.md"
HEAD = """# The life of a key order

Printed from `pki/quota/transitions.py` by `python docs/orders.py`; not edited by hand. A step that is not here is
refused. *free* means: free for anybody, unless a replacement waits for the seat; then it is that order's, at once.

| from | step | to | its seat | its purchase |
| --- | --- | --- | --- | --- |
"""


def row(before: str, step: str, transition: Transition) -> str:
    """One line of the table."""
    seat = "stays" if transition.seat is None else transition.seat.value
    if before and seat == "none":
        seat = "free"
    purchase = "one is used" if transition.purchase is Purchase.USED else "stays"
    return f"| {before} | {step} | {transition.state.value} | {seat} | {purchase} |"


def page() -> str:
    """The whole page."""
    rows = [row("", opening.value, transition) for opening, transition in OPENINGS.items()]
    rows += [row(state.value, step.value, transition) for (state, step), transition in TRANSITIONS.items()]
    return HEAD + "\n".join(rows) + "\n"


def main() -> int:
    """Write the page, or check it."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    return 0 if PAGE.read_text(encoding="utf-8") == page() else 1


if __name__ == "__main__":
    raise SystemExit(main())
