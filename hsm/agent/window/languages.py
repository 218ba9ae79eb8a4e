"""Languages of the window: its words (gettext domain `agent`), numbers, days, and text that keeps its direction."""

import gettext
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from io import BytesIO

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

DEFAULT = "ar"
NAMES = {"ar": "العربية", "fr": "Français", "en": "English"}
LOCALES = {"ar": "ar_MA", "fr": "fr_MA", "en": "en"}
_SPELLED = {"ar": "ar_MA", "fr": "fr_MA", "en": "en_GB"}
_FIRST_STRONG, _LEFT_TO_RIGHT, _POP = "\u2068", "\u2066", "\u2069"
_ISOLATES = (_FIRST_STRONG, _LEFT_TO_RIGHT)


def plain(text: str) -> str:
    """Foreign text on one line, without marks that would make it read otherwise than it is written."""
    # THREAT: a title or a name holds direction marks, line ends or invisible characters, and the list reads otherwise
    #   than the document it stands for.
    # DEFENCE: every control and format character goes (the two joiners that Persian and Arabic names need stay); the
    #   rest is isolated, and labels show plain text only.
    # TEST: tests/hsm/agent/window/test_languages.py::test_foreign_text_cannot_turn_a_line_around
    kept = (
        c if unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs") or c in "\u200c\u200d" else " "
        for c in text
    )
    return " ".join("".join(kept).split())


def isolated(text: str) -> str:
    """Foreign text that keeps its own direction and does not change that of its neighbours."""
    return f"{_FIRST_STRONG}{plain(text)}{_POP}"


def reference(text: str) -> str:
    """A reference, code or serial: left to right whatever surrounds it."""
    return f"{_LEFT_TO_RIGHT}{plain(text)}{_POP}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language of the window."""

    code: str
    direction: str
    """`rtl` or `ltr`."""
    words: gettext.NullTranslations

    def say(self, message: str, **fields: object) -> str:
        """The message in this language. Texts among its fields are isolated, numbers are written its way."""
        return self._filled(self.words.gettext(message), fields)

    def count(self, one: str, many: str, number: int, **fields: object) -> str:
        """The message in the form that `number` asks for; it is the field `n`."""
        return self._filled(self.words.ngettext(one, many, number), {"n": number, **fields})

    def number(self, value: int) -> str:
        """A number: Latin digits, grouped."""
        return str(format_decimal(value, locale=_SPELLED[self.code]))

    def instant(self, value: datetime) -> str:
        """Day and minute as this computer's clock shows them, the month spelled out."""
        local = value.astimezone()
        return format_datetime(local, "d MMMM y HH:mm", tzinfo=local.tzinfo, locale=_SPELLED[self.code])

    def day(self, value: date) -> str:
        """A day, the month spelled out."""
        return format_date(value, "d MMMM y", locale=_SPELLED[self.code])

    def about(self, seconds: float) -> str:
        """A length of time, roughly."""
        locale = _SPELLED[self.code]
        return format_timedelta(max(1, round(seconds)), granularity="second", threshold=1.5, locale=locale)

    def _filled(self, message: str, fields: dict[str, object]) -> str:
        return message.format_map({name: self._field(value) for name, value in fields.items()})

    def _field(self, value: object) -> str:
        if isinstance(value, int):
            return self.number(value)
        text = str(value)
        return text if text.startswith(_ISOLATES) and text.endswith(_POP) else isolated(text)


@cache
def language(code: str) -> Language:
    """The language of that code, its catalogue read from the `.po` file.

    :raise KeyError: not one of ours.
    """
    locale = Locale.parse(LOCALES[code])
    compiled = BytesIO()
    write_mo(compiled, catalogue(LOCALES[code]))
    compiled.seek(0)
    return Language(code=code, direction=locale.text_direction, words=gettext.GNUTranslations(compiled))


def catalogue(locale: str) -> Catalog:
    """The messages of one locale, as babel reads them."""
    path = resources.files("hsm.agent").joinpath("locale", locale, "LC_MESSAGES", "agent.po")
    return read_po(BytesIO(path.read_bytes()), locale=locale, domain="agent")
