"""The public pages, as a reader without JavaScript meets them."""

import re
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.pages.languages import catalogue, chosen
from api.pages.router import Pages, pages_router
from api.pages.views import kind_name
from signer.dossiers.errors import DocumentUnknown
from signer.verification.answer import Answer, Kind
from tests.api.pages.answers import ANSWERS, AT

LANGUAGES = ("ar", "fr", "en")


class Verifications:
    """Answers by name; remembers what it was given to read."""

    def __init__(self) -> None:
        self.next = "good"
        self.read: list[tuple[Path, bytes]] = []

    def verify_reference(self, reference: str, check: str, *, at: datetime) -> Answer:
        assert at == AT
        if (reference, check) != ("L26-0000123", "7Q4K"):
            raise DocumentUnknown(reference)
        return ANSWERS[self.next]

    def verify_file(self, path: Path, *, at: datetime) -> Answer:
        assert at == AT
        self.read.append((path, path.read_bytes()))
        return ANSWERS[self.next]


@pytest.fixture
def verifications() -> Verifications:
    return Verifications()


@pytest.fixture
def client(verifications: Verifications, tmp_path: Path) -> TestClient:
    app = FastAPI()
    pages = Pages(verifications=verifications, order=lambda _: None, rehearsal=True, clock=lambda: AT, uploads=tmp_path)
    app.include_router(pages_router(pages))
    return TestClient(app)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_in_every_language(
    client: TestClient, verifications: Verifications, name: str, language: str
) -> None:
    verifications.next = name
    page = client.get(f"/V/L26-0000123-7Q4K?lang={language}")
    assert page.status_code == 200
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in page.text
    assert getattr(ANSWERS[name].sentences, language) in page.text.replace("&#39;", "'")
    assert "تجريبي – دون قيمة قانونية" in page.text
    assert "Essai – sans valeur juridique" in page.text
    well_formed(page.text)


def test_name_in_any_case(client: TestClient) -> None:
    assert client.get("/V/l26-0000123-7q4k").status_code == 200


@pytest.mark.parametrize("name", ["L26-0000123-AAAA", "L26-9999999-7Q4K", "x", "L26-0000123"])
def test_unknown_and_wrong_check_look_alike(client: TestClient, name: str) -> None:
    page = client.get(f"/V/{name}?lang=en")
    assert page.status_code == 404
    assert page.text == client.get("/V/L26-0000124-7Q4K?lang=en").text


def test_typed_reference_leads_to_its_page(client: TestClient) -> None:
    page = client.get("/V", params={"reference": " l26-0000123", "check": "7q4k", "lang": "fr"}, follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/V/L26-0000123-7Q4K?lang=fr")
    assert client.get("/V", params={"reference": "//evil", "check": "x"}).status_code == 404


def test_upload_is_read_and_removed(client: TestClient, verifications: Verifications, tmp_path: Path) -> None:
    verifications.next = "altered"
    page = client.post("/verify", files={"file": ("a.pdf", b"%PDF-", "application/pdf")}, data={"lang": "fr"})
    assert page.status_code == 200
    assert "Ne vous fiez pas à ce document" in page.text
    assert "Votre fichier a été supprimé." in page.text
    (path, content) = verifications.read[0]
    assert content == b"%PDF-"
    assert path.parent == tmp_path
    assert not list(tmp_path.iterdir())


def test_facts_only_under_an_authentic_verdict(client: TestClient, verifications: Verifications) -> None:
    for name, shown in {"good": True, "ended": True, "altered": False, "unsure": False}.items():
        verifications.next = name
        page = client.get("/V/L26-0000123-7Q4K?lang=fr").text
        assert ("Comparez avec votre papier" in page) == shown
        assert ("Nadia Benjelloun" in page) == shown


def test_nothing_from_elsewhere_and_no_script(client: TestClient) -> None:
    for path in ("/", "/V/L26-0000123-7Q4K", "/V/none"):
        page = client.get(path)
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "<script" not in page.text
        assert " style=" not in page.text
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page.text)
        assert page.headers["cache-control"] == "no-store"


def test_sheet_has_logical_properties_only(client: TestClient) -> None:
    sheet = client.get("/style.css")
    assert sheet.headers["content-type"].startswith("text/css")
    physical = (
        r"(?<![\w-])(?:(?:margin|padding|border)-(?:left|right|top|bottom)|left|right|top|bottom|width|height)\s*:"
    )
    assert not re.search(physical, sheet.text)
    assert not re.search(r"text-align:\s*(?:left|right)", sheet.text)
    assert "url(" not in sheet.text


def test_references_are_isolated(client: TestClient) -> None:
    page = client.get("/V/L26-0000123-7Q4K?lang=ar").text
    assert '<bdi dir="ltr" class="ref">L26-0000123</bdi>' in page


@pytest.mark.parametrize(
    ("query", "header", "expected"),
    [
        (None, None, "ar"),
        ("fr", "ar", "fr"),
        ("xx", "fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        (None, "de,en;q=0.5,fr;q=0.7", "fr"),
        (None, "de", "ar"),
        (None, "en;q=0,*", "ar"),
        (None, "fr;q=x,,;;", "ar"),
    ],
)
def test_language_is_chosen(query: str | None, header: str | None, expected: str) -> None:
    assert chosen(query, header).code == expected


def test_catalogues_are_complete() -> None:
    """Every word of the pages stands in every catalogue, and nothing else does."""
    ways = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    used = {message for _, _, message, _, _ in extract_from_dir("api/pages", ways)}
    for locale in ("ar_MA", "fr_MA", "en"):
        messages = {message.id: message.string for message in catalogue(locale) if message.id}
        assert set(messages) == used
        assert all(messages.values())
        assert locale == "en" or sum(messages[each] == each for each in used) < 8


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_document_has_its_word(language: str) -> None:
    words = chosen(language, None)
    said = [kind_name(kind, words) for kind in Kind]
    assert all(said)
    assert len({*said}) == len(said)


def test_words_for_a_court_do_not_occur() -> None:
    for locale, words in {
        "fr_MA": (" faux", " nul ", "falsifi"),
        "ar_MA": ("مزور", "باطل"),
        "en": ("forged", "void"),
    }.items():
        text = " ".join(str(message.string) for message in catalogue(locale)).casefold()
        assert not [word for word in words if word in text]


class _Tags(HTMLParser):
    VOID = frozenset({"meta", "link", "input", "path", "circle", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def well_formed(page: str) -> None:
    """Every tag that opens is closed where it should be."""
    tags = _Tags()
    tags.feed(page)
    assert not tags.open
