"""Languages of the pages: which one a reader gets, and its words (gettext domain `web`)."""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from pki.records import CIVIL_ZONE

DEFAULT = "ar"
NAMES = {"ar": "العربية", "fr": "Français", "en": "English"}
_LOCALES = {"ar": "ar_MA", "fr": "fr_MA", "en": "en"}
_DATES = {"ar": "ar_MA", "fr": "fr_MA", "en": "en_GB"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language of the pages."""

    code: str
    direction: str
    words: gettext.NullTranslations

    def day(self, value: date | datetime) -> str:
        """A civil day in Morocco, spelled out, Latin digits."""
        day = value.astimezone(CIVIL_ZONE).date() if isinstance(value, datetime) else value
        return format_date(day, "d MMMM y", locale=_DATES[self.code])

    def instant(self, value: datetime) -> str:
        """Day and minute in Morocco."""
        return format_datetime(value, "d MMMM y HH:mm", tzinfo=CIVIL_ZONE, locale=_DATES[self.code])


@cache
def language(code: str) -> Language:
    """The language of that code, its catalogue read from the `.po` file."""
    locale = Locale.parse(_LOCALES[code])
    return Language(code=code, direction=locale.text_direction, words=_words(_LOCALES[code]))


def chosen(query: str | None, accept_language: str | None) -> Language:
    """`?lang=` if it names one of ours, else the first acceptable of Accept-Language, else Arabic."""
    if query in _LOCALES:
        return language(query)
    for code in _accepted(accept_language or ""):
        if code in _LOCALES:
            return language(code)
    return language(DEFAULT)


def catalogue(locale: str) -> Any:
    """The messages of one locale, as babel reads them."""
    path = resources.files("api").joinpath("locale", locale, "LC_MESSAGES", "web.po")
    return read_po(BytesIO(path.read_bytes()), locale=locale, domain="web")


def _words(locale: str) -> gettext.NullTranslations:
    compiled = BytesIO()
    write_mo(compiled, catalogue(locale))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _accepted(header: str) -> list[str]:
    weighted = []
    for number, part in enumerate(header.split(",")[:20]):
        tag, _, quality = part.strip().partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            weighted.append((-weight, number, tag.split("-")[0].lower()))
    return [code for _, _, code in sorted(weighted)]
