"""What a document says of itself as data: the `khatam.json` that the service puts into the files it renders.

It lies in the base, whose digest the manifest names; it is what the signer signs, so it is what he is shown.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from hsm.prepared.payload import FORBIDDEN_CHARACTERS, MAX_TEXT

ATTACHMENT = "khatam.json"
MAX_BYTES = 64 * 1024
MAX_NODES = 100
_UNREADABLE = (PdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOfItself:
    """What it is and for whom; each None where the file does not say it, or not in a text fit for a line."""

    reference: str | None = None
    kind: str | None = None
    title: str | None = None
    beneficiary: str | None = None


def read_embedded(pdf: bytes) -> SaidOfItself:
    """Read a checked file's own data; one without any, or with data of another form, says nothing of itself."""
    try:
        content = _attachment(PdfFileReader(io.BytesIO(pdf)).root)
        facts = None if content is None else json.loads(content)
    except _UNREADABLE:
        return SaidOfItself()
    if not isinstance(facts, dict):
        return SaidOfItself()
    dossier = facts.get("dossier")
    told = dossier if isinstance(dossier, dict) else facts
    signer = facts.get("signer") if facts.get("kind") == "key_acceptance" else None
    beneficiary = fit_for_a_line(told.get("applicant")) or (
        fit_for_a_line(signer.get("name_latin")) if isinstance(signer, dict) else None
    )
    return SaidOfItself(
        reference=fit_for_a_line(facts.get("reference")),
        kind=fit_for_a_line(facts.get("kind")),
        title=fit_for_a_line(facts.get("title")),
        beneficiary=beneficiary,
    )


def fit_for_a_line(value: object) -> str | None:
    """A text for one line: bounded, without marks that reorder what stands beside it."""
    if not isinstance(value, str) or not value or len(value) > MAX_TEXT or FORBIDDEN_CHARACTERS.search(value):
        return None
    return value


def _attachment(root: Any) -> bytes | None:
    for name, specification in _embedded_files(root):
        if name == ATTACHMENT:
            stream = specification["/EF"]["/F"]
            content: bytes = stream.data if int(stream["/Length"]) <= MAX_BYTES else b""
            return content if len(content) <= MAX_BYTES else None
    return None


def _embedded_files(root: Any) -> Iterator[tuple[str, Any]]:
    nodes = [root["/Names"]["/EmbeddedFiles"]] if "/Names" in root else []
    for _ in range(MAX_NODES):  # a tree of names that closes on itself ends here
        if not nodes:
            return
        node = nodes.pop()
        nodes.extend(each.get_object() for each in _array(node, "/Kids"))
        names = _array(node, "/Names")
        yield from ((str(key), value.get_object()) for key, value in zip(names[::2], names[1::2], strict=False))


def _array(node: Any, key: str) -> list[Any]:
    return list(node[key]) if key in node else []
