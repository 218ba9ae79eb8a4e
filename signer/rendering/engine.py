"""The layout engine (typst) behind its templates. Deterministic: no clock, no network, one font family."""

from __future__ import annotations

import threading
from functools import lru_cache
from importlib import resources
from pathlib import Path

import typst

from signer.rendering.errors import LayoutFailed

FONT_FAMILY = "Amiri"
FONTS = Path("/usr/share/fonts")
"""Where fonts-hosny-amiri installs itself, on every release of Debian."""


class Engine:
    """The templates, loaded once. Safe for several threads, which take turns."""

    def __init__(self, fonts: Path = FONTS) -> None:
        found = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(each) for each in _folders(fonts)]
        )
        if FONT_FAMILY not in found.families():
            raise LayoutFailed(f"the font {FONT_FAMILY} is not under {fonts}")
        self._lock = threading.Lock()
        names = ("document.typ", "handover.typ", "receipt.typ", "report.typ", "stamp.typ")
        self._templates = {name: _template(name) for name in names}
        self._compiler = typst.Compiler(font_paths=found, ignore_system_fonts=True)

    def document(self, data: str, *, kind: str) -> bytes:
        """A PDF/A-3b of the document template.

        :raise LayoutFailed: the engine refused it.
        """
        return self._compile("document.typ", data, kind, standards=["a-3b"], tags=True)

    def report(self, data: str) -> bytes:
        """A PDF/A-3b of the report template.

        :raise LayoutFailed: the engine refused it.
        """
        return self._compile("report.typ", data, "report", standards=["a-3b"], tags=True)

    def stamp(self, data: str) -> bytes:
        """A one-page PDF of the stamp template, without structure: it becomes a part of another page."""
        return self._compile("stamp.typ", data, "stamp", standards=["1.7"], tags=False)

    def handover(self, data: str) -> bytes:
        """Hand-over sheets, a page each: working papers, tagged, not archived.

        :raise LayoutFailed: the engine refused it.
        """
        return self._compile("handover.typ", data, "handover", standards=["1.7"], tags=True)

    def receipt(self, data: str) -> bytes:
        """The paper of a hand-over of devices: a working paper, tagged, not archived.

        :raise LayoutFailed: the engine refused it.
        """
        return self._compile("receipt.typ", data, "receipt", standards=["1.7"], tags=True)

    def _compile(self, template: str, data: str, kind: str, *, standards: list[typst.PDFStandard], tags: bool) -> bytes:
        try:
            with self._lock:
                made = self._compiler.compile(
                    self._templates[template],
                    format="pdf",
                    sys_inputs={"data": data},
                    pdf_standards=standards,
                    pdf_tags=tags,
                    timestamp=0,
                )
        except typst.TypstError as error:
            raise LayoutFailed(kind) from error
        if not isinstance(made, bytes):
            raise LayoutFailed(kind)
        return made


@lru_cache(maxsize=4)
def engine(fonts: Path = FONTS) -> Engine:
    """The engine for a folder of fonts, made when first asked for.

    :raise LayoutFailed: the font is not there.
    """
    return Engine(fonts)


@lru_cache(maxsize=1)
def report_engine(fonts: Path = FONTS) -> Engine:
    """An engine apart: a report of the whole country takes seconds, and keeps no signature's mark waiting.

    :raise LayoutFailed: the font is not there.
    """
    return Engine(fonts)


def _folders(fonts: Path) -> list[Path]:
    """The folders that hold the family: searching all of a system's fonts would take a second."""
    return sorted({each.parent for each in fonts.rglob("Amiri-Regular.*")})


def _template(name: str) -> bytes:
    return resources.files("signer.rendering").joinpath(name).read_bytes()
