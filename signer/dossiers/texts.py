"""Texts that a signer will read before he signs. Pure."""

import unicodedata

from signer.dossiers.errors import TextRefused

_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain_text(name: str, text: str) -> str:
    """Return the text of one line, or refuse it.

    :raise TextRefused: empty, or with control characters or bidirectional marks.
    """
    # THREAT: a title with marks that reorder letters shows the signer another sentence than the one he signs.
    # DEFENCE: such texts are refused at the door; the agent refuses a manifest that holds one.
    # TEST: tests/signer/dossiers/test_opening.py::test_title_with_reordering_marks_is_refused
    if not text.strip() or any(each in _REORDERING or unicodedata.category(each) == "Cc" for each in text):
        raise TextRefused(name)
    return text
