"""The routes of the public pages. What they need to know comes through `Verifications`."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import APIRouter, File, Form, Header, Query, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from pki.quota.reading import OrderNotice
from signer.dossiers.errors import DocumentUnknown
from signer.dossiers.references import parse_public_name
from signer.verification.answer import Answer

from .languages import NAMES, Language, chosen, language
from .orders import order_facts
from .views import view_of

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language",
}
STYLE = "/style.css"


class Verifications(Protocol):
    """What the pages ask of verification. Each answer is finished, whatever its verdict."""

    def verify_reference(self, reference: str, check: str, *, at: datetime) -> Answer:
        """The document of that reference, as the register keeps it; DocumentUnknown: none, or other characters."""
        ...

    def verify_file(self, path: Path, *, at: datetime) -> Answer:
        """The file at `path`, which is the caller's to remove."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """What the pages are given: verification, orders, whether this is a rehearsal, the clock, a folder for uploads."""

    verifications: Verifications
    order: Callable[[UUID], OrderNotice | None]
    """The order of that number, as anybody may see it."""
    rehearsal: bool
    clock: Callable[[], datetime]
    uploads: Path | None = None
    """Where an upload lies while it is read; None: the system's folder for such files."""


Lang = Annotated[str | None, Query(max_length=5)]
AcceptLanguage = Annotated[str | None, Header(max_length=200)]


def pages_router(pages: Pages) -> APIRouter:
    """Routes: `/` and `/verify` (a file), `/V` and `/V/{REF-CHECK}` (a reference), `/O/{order}`, the style sheet."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/")
    def home(lang: Lang = None, accept_language: AcceptLanguage = None) -> Response:
        return _page("home.html", chosen(lang, accept_language), pages, path="/")

    @router.post("/verify")
    def verify(
        file: Annotated[UploadFile, File()],
        lang: Annotated[str | None, Form(max_length=5)] = None,
        accept_language: AcceptLanguage = None,
    ) -> Response:
        spoken = chosen(lang, accept_language)
        with tempfile.NamedTemporaryFile(dir=pages.uploads, prefix="upload-", suffix=".pdf") as kept:
            shutil.copyfileobj(file.file, kept)
            kept.flush()
            answer = pages.verifications.verify_file(Path(kept.name), at=pages.clock())
        return _result(answer, spoken, pages, path="/", uploaded=True)

    @router.get("/V")
    def typed(
        reference: Annotated[str, Query(max_length=30)] = "",
        check: Annotated[str, Query(max_length=10)] = "",
        lang: Lang = None,
        accept_language: AcceptLanguage = None,
    ) -> Response:
        name = f"{reference.strip()}-{check.strip()}".upper()
        if parse_public_name(name) is None:
            return _page("unknown.html", chosen(lang, accept_language), pages, path="/", status=404)
        return RedirectResponse(f"/V/{name}" + (f"?lang={lang}" if lang in NAMES else ""), 303, headers=HEADERS)

    @router.get("/V/{name}")
    def by_name(name: str, lang: Lang = None, accept_language: AcceptLanguage = None) -> Response:
        spoken, parsed = chosen(lang, accept_language), parse_public_name(name)
        try:
            if parsed is None:
                raise DocumentUnknown(name)
            answer = pages.verifications.verify_reference(*parsed, at=pages.clock())
        except DocumentUnknown:
            # The same page for a reference that nobody has and for wrong characters: nothing to learn from it.
            return _page("unknown.html", spoken, pages, path="/", status=404)
        return _result(answer, spoken, pages, path=f"/V/{parsed[0]}-{parsed[1]}", uploaded=False)

    @router.get("/O/{number}")
    def order(number: str, lang: Lang = None, accept_language: AcceptLanguage = None) -> Response:
        return _order(number, chosen(lang, accept_language), pages)

    @router.get(STYLE)
    def style() -> Response:
        headers = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return Response(_style(), media_type="text/css", headers=headers)

    return router


def _order(said: str, spoken: Language, pages: Pages) -> Response:
    number = _order_number(said)
    notice = None if number is None else pages.order(number)
    if notice is None:
        return _page("no_order.html", spoken, pages, path="/", status=404)
    facts, checked = order_facts(notice, spoken), spoken.instant(pages.clock())
    return _page("order.html", spoken, pages, path=f"/O/{number}", facts=facts, checked_at=checked)


def _order_number(said: str) -> UUID | None:
    """The number in the one spelling that sheets have."""
    try:
        number = UUID(said)
    except ValueError:
        return None
    return number if str(number) == said.lower() else None


def _result(answer: Answer, spoken: Language, pages: Pages, *, path: str, uploaded: bool) -> Response:
    return _page("result.html", spoken, pages, path=path, view=view_of(answer, spoken), uploaded=uploaded)


def _page(
    template: str, spoken: Language, pages: Pages, *, path: str, status: int = 200, **values: object
) -> HTMLResponse:
    text = _environment(spoken.code).get_template(template)
    html = text.render(language=spoken, names=NAMES, rehearsal=pages.rehearsal, path=path, style=STYLE, **values)
    return HTMLResponse(html, status, headers=HEADERS | {"Content-Language": spoken.code})


@cache
def _environment(code: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("api.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(language(code).words, newstyle=True)  # type: ignore[attr-defined]
    return environment


@cache
def _style() -> bytes:
    return resources.files("api.pages").joinpath("style.css").read_bytes()
