"""Subject and text of each notice, Arabic then French in one message (gettext domain `email`)."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from pki.registration.mailboxes.notices import NoticeKind

LOCALES = ("ar_MA", "fr_MA")


def _(message: str) -> str:
    """Mark a message that is translated where it is said."""
    return message


SUBJECTS: Mapping[NoticeKind, str] = {
    NoticeKind.DELEGATION_GIVEN: _("A delegation was recorded"),
    NoticeKind.DELEGATION_ENDED: _("A delegation ends"),
    NoticeKind.OFFICE_ENDS: _("The end of an office was recorded"),
    NoticeKind.MAILBOX_ACTIVE: _("This mailbox is yours while you are in office"),
    NoticeKind.ALERTS: _("Signature keys: what needs your attention"),
}
BODIES: Mapping[NoticeKind, str] = {
    NoticeKind.DELEGATION_GIVEN: _("Delegation no. {number} of {body} is on the register, from {starts_on}."),
    NoticeKind.DELEGATION_ENDED: _("Delegation no. {number} of {body} no longer counts from {ends_on}."),
    NoticeKind.OFFICE_ENDS: _("The office in {body} ends on {ends_on}. From that day on its key no longer signs."),
    NoticeKind.MAILBOX_ACTIVE: _("This mailbox belongs to the office in {body}. Whoever holds the office reads it."),
    NoticeKind.ALERTS: _(
        "{body}: new alerts.\n"
        "Bodies with four fifths of their keys in use: {seats_80}\n"
        "Bodies with no key left to order (the keys that exist go on signing): {seats_100}\n"
        "Keys that end within 90 days: {expiry_90}; within 30 days: {expiry_30}; within 7 days: {expiry_7}\n"
        "Keys that signed nothing for 60 days: {key_idle}\n"
        "People in office without a key: {office_without_key}\n"
        "Keys whose holder is no longer in office: {key_without_office}\n"
        "Communes that cannot sign today: {unable_to_sign}\n"
        "Communes without a signatory by law, between two councils: {without_signatory}"
    ),
}
MARK = _("Rehearsal: without legal value.")
FOOT = _("This message asks for nothing. Never answer it with a password or a PIN.")


def subject(kind: NoticeKind, *, rehearsal: bool) -> str:
    """The subject, Arabic and French."""
    said = " / ".join(_words(locale).gettext(SUBJECTS[kind]) for locale in LOCALES)
    return f"[{' / '.join(_words(locale).gettext(MARK) for locale in LOCALES)}] {said}" if rehearsal else said


def text(kind: NoticeKind, facts: Mapping[str, str], *, rehearsal: bool) -> str:
    """The text, Arabic then French. A fact that the text names and nobody gave is a dash."""
    parts = []
    for locale in LOCALES:
        words = _words(locale)
        lines = [words.gettext(BODIES[kind]).format_map(_Facts(facts)), words.gettext(FOOT)]
        parts.append("\n".join([*([words.gettext(MARK)] if rehearsal else []), *lines]))
    return "\n\n".join(parts) + "\n"


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def catalogue(locale: str) -> Any:
    """The messages of one locale, as babel reads them."""
    path = resources.files("api").joinpath("locale", locale, "LC_MESSAGES", "email.po")
    return read_po(BytesIO(path.read_bytes()), locale=locale, domain="email")


@cache
def _words(locale: str) -> gettext.NullTranslations:
    compiled = BytesIO()
    write_mo(compiled, catalogue(locale))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
