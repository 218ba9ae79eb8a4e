"""Lists that come in pages, read to their end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .asking import Unanswered
from .operations import Operation
from .values import Asked, Misuse

_CURSORS = ("after", "before")


def cursor_of(operation: Operation) -> str:
    """The parameter by which a list goes on.

    :raise Misuse: it has no pages.
    """
    names = [each.name for each in operation.fields if each.place == "query"]
    found = next((each for each in _CURSORS if each in names), None)
    if found is None:
        raise Misuse(f"{operation.name} has no pages: it answers with all.")
    return found


def all_pages(operation: Operation, asked: Asked, ask: Callable[[Asked], dict[str, Any]]) -> dict[str, Any]:
    """The first answer with the items of all pages; each page is as large as the door allows, unless one said so.

    A page ends with the id that the next one follows: its `next`, or else the first member of its last item.

    :raise Misuse: it has no pages.
    :raise Unanswered: a page leads back to itself.
    """
    cursor = cursor_of(operation)
    query = dict(asked.query)
    most = next((each.schema.get("maximum") for each in operation.fields if each.name == "limit"), None)
    if most is not None:
        query.setdefault("limit", str(most))
    first: dict[str, Any] | None = None
    while True:
        page = ask(replace(asked, query=tuple(query.items())))
        if first is None:
            first = page
        else:
            first["items"] += page["items"]
        last = page["items"][-1] if page["items"] else None
        onward = page["next"] if "next" in page else next(iter(last.values())) if last else None
        if onward is None:
            return {name: value for name, value in first.items() if name != "next"}
        if str(onward) == query.get(cursor):
            raise Unanswered(f"{operation.name} goes round in circles after {onward}.")
        query[cursor] = str(onward)
