"""`render` and `render_stamp`: facts in, PDF out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from signer.rendering import words
from signer.rendering.engine import FONTS, engine
from signer.rendering.facts import DocumentFacts
from signer.rendering.layout import lay_out
from signer.rendering.reading import parse_facts
from signer.signature_boxes import Box, signature_boxes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A document: PDF/A-3b, and the boxes on its last page, in the order of its signers."""

    content: bytes
    boxes: tuple[Box, ...]


class Stamp(Protocol):
    """What a signature's mark says."""

    @property
    def environment(self) -> str: ...
    @property
    def reference(self) -> str: ...
    @property
    def name_ar(self) -> str: ...
    @property
    def name_latin(self) -> str: ...
    @property
    def function(self) -> str: ...
    @property
    def body_kind(self) -> str: ...
    @property
    def body_ar(self) -> str: ...
    @property
    def body_fr(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def power_kind(self) -> str | None: ...
    @property
    def power_number(self) -> str | None: ...


def render(facts: DocumentFacts, *, fonts: Path = FONTS) -> Rendered:
    """Lay a document out. The same facts give the same bytes.

    :raise FactsRefused: more signers than a page has boxes for.
    :raise LayoutFailed: the engine refused it, or its font is not installed.
    """
    content = engine(fonts).document(lay_out(facts), kind=facts.KIND)
    return Rendered(content=content, boxes=signature_boxes(len(facts.signers)))


def render_kind(kind: str, facts: Mapping[str, object], *, fonts: Path = FONTS) -> bytes:
    """Read the facts of one kind (`parse_facts`) and lay the document out.

    :raise FactsRefused: `LayoutFailed`: as `parse_facts` and `render`.
    """
    return render(parse_facts(kind, facts), fonts=fonts).content


def render_stamp(stamp: Stamp, *, box: Box | None = None, fonts: Path = FONTS) -> bytes:
    """Lay out a signature's mark as a one-page PDF of the box's size (the usual box, if none is given).

    :raise LayoutFailed: the engine refused it, or its font is not installed.
    """
    box = box or signature_boxes(1)[0]
    function = words.FUNCTIONS.get(stamp.function, words.NO_FUNCTION)
    body = words.body_name(stamp.body_kind, stamp.body_ar, stamp.body_fr)
    power = words.by_power(stamp.power_kind, stamp.power_number)
    data = {
        "width": box.width,
        "height": box.height,
        "heading": {"fr": "Signé électroniquement", "ar": "توقيع إلكتروني"},
        "name": {"fr": stamp.name_latin, "ar": stamp.name_ar},
        "function": {"fr": function.fr, "ar": function.ar},
        "power": None if power is None else {"fr": power.fr, "ar": power.ar},
        "body": {"fr": body.fr, "ar": body.ar},
        "time": words.spelled_time(stamp.at),
        "reference": stamp.reference,
        "mark": {"fr": words.REHEARSAL.fr, "ar": words.REHEARSAL.ar} if stamp.environment == "rehearsal" else None,
    }
    return engine(fonts).stamp(json.dumps(data, ensure_ascii=False))
