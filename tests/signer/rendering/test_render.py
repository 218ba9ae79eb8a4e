import dataclasses
import io
import json
import re
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from signer.rendering.engine import Engine
from signer.rendering.errors import FactsRefused, LayoutFailed
from signer.rendering.facts import MinutesFacts
from signer.rendering.reading import KINDS
from signer.rendering.render import render, render_kind, render_stamp
from signer.signature_boxes import MOST, Box, signature_boxes
from tests.signer.rendering.samples import AHMED, MEMBERS, SAMPLES, YOUSSEF

A4_HEIGHT = 841.89
MARKS = "\u202a\u202b\u202c\u200e\u200f"


def tool(*command: str, content: bytes) -> str:
    return subprocess.run(command, input=content, check=True, capture_output=True, timeout=60).stdout.decode()


def text(pdf: bytes) -> str:
    said = tool("pdftotext", "-layout", "-", "-", content=pdf)
    return said.translate({ord(each): None for each in MARKS})


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind(kind: str) -> None:
    facts = SAMPLES[kind]
    rendered = render(facts)
    assert rendered.content == render(facts).content
    assert len(rendered.boxes) == len(facts.signers)
    said = text(rendered.content)
    assert "Essai – sans valeur juridique" in said
    assert "تجريبي" in said
    assert facts.reference in said
    assert "Royaume du Maroc" in said
    assert "المملكة المغربية" in said


WORDS = {
    "licence": ("Permis de construire", "رخصة البناء", "Permis accordé", "Ahmed El Alaoui"),
    "refusal": ("Décision de refus", "Permis refusé", "الأسباب", "Recul insuffisant."),
    "opinion": ("Avis favorable avec réserves", "موافق بتحفظ", "هذا رأي وليس رخصة", "non une autorisation"),
    "minutes": ("Procès-verbal de la commission", "محضر اللجنة", "Pas d’avis", "هذا محضر وليس رخصة", "avis conforme"),
    "delegation": ("Arrêté de délégation de signature", "الإمضاء", "12/2026", "1 mai 2026"),
    "key_acceptance": ("Acceptation d’une clé de signature", "قبول مفتاح التوقيع", "4F2A9B7711223344"),
    "application": ("Demande de permis", "طلب رخصة", "TF 12345/53"),
}


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_official_words_in_both_languages(kind: str) -> None:
    said = re.sub(r"\s+", " ", text(render(SAMPLES[kind]).content))
    for each in WORDS[kind]:
        assert each in said


def test_nothing_is_called_qualified() -> None:
    for facts in SAMPLES.values():
        assert "qualifié" not in text(render(facts).content).lower()


def test_production_has_no_rehearsal_mark() -> None:
    said = text(render(dataclasses.replace(SAMPLES["licence"], environment="production")).content)
    assert "Essai" not in said
    assert "تجريبي" not in said


def test_archive_form_and_embedded_data() -> None:
    facts = SAMPLES["licence"]
    reader = PdfFileReader(io.BytesIO(render(facts).content))
    root = reader.root
    metadata = root["/Metadata"].data
    assert b"<pdfaid:part>3</pdfaid:part>" in metadata
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in metadata
    name, specification = (each.get_object() for each in root["/Names"]["/EmbeddedFiles"]["/Names"])
    assert name == "khatam.json"
    assert specification["/AFRelationship"] == "/Data"
    assert json.loads(specification["/EF"]["/F"].data) == facts.claims()
    assert root["/Lang"] == "fr"


def test_structure(tmp_path: Path) -> None:
    path = tmp_path / "minutes.pdf"
    path.write_bytes(render(SAMPLES["minutes"]).content)
    said = subprocess.run(["qpdf", "--check", str(path)], check=True, capture_output=True, timeout=60)
    assert b"No syntax or stream encoding errors" in said.stdout


def test_qr_code_is_read_from_the_page(tmp_path: Path) -> None:
    path = tmp_path / "licence.pdf"
    path.write_bytes(render(SAMPLES["licence"]).content)
    subprocess.run(["pdftoppm", "-r", "110", "-png", str(path), str(tmp_path / "page")], check=True, timeout=60)
    found = subprocess.run(
        ["zbarimg", "-q", "--nodbus", "--raw", str(tmp_path / "page-1.png")],
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert found.stdout.decode().strip() == "HTTPS://VERIFIER.ROKHAS.MA/V/L26-0000123-7Q4K"


def boxes_drawn(pdf: bytes) -> list[tuple[int, float, float]]:
    """Page, left and top of the Latin name in each box, from the foot of the document's text."""
    found = []
    pages = tool("pdftotext", "-bbox", "-", "-", content=pdf).split("<page ")[1:]
    for number, page in enumerate(pages):
        for word in re.finditer(r'xMin="([0-9.]+)" yMin="([0-9.]+)"[^>]*>Signature<', page):
            found.append((number, float(word[1]), float(word[2])))  # noqa: PERF401
    return sorted(found, key=lambda each: (each[0], round(each[2]), each[1]))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, MOST])
def test_boxes_are_drawn_where_fields_will_stand(count: int) -> None:
    facts = SAMPLES["minutes"]
    assert isinstance(facts, MinutesFacts)
    many = dataclasses.replace(facts, members=(MEMBERS[0],) * count)
    rendered = render(many)
    pages = int(PdfFileReader(io.BytesIO(rendered.content)).root["/Pages"]["/Count"])
    drawn = boxes_drawn(rendered.content)
    assert len(drawn) == count
    for (page, left, top), box in zip(drawn, rendered.boxes, strict=True):
        assert page == pages - 1
        assert left == pytest.approx(box.left + 6, abs=1.5)
        assert A4_HEIGHT - top == pytest.approx(box.bottom + box.height - 1.5, abs=1)


def test_more_signers_than_boxes() -> None:
    facts = SAMPLES["minutes"]
    assert isinstance(facts, MinutesFacts)
    with pytest.raises(FactsRefused):
        render(dataclasses.replace(facts, members=(MEMBERS[0],) * (MOST + 1)))


def test_long_text_runs_over_pages_and_each_is_marked() -> None:
    facts = dataclasses.replace(SAMPLES["refusal"], text="Motif numéro un.\n" * 300)  # type: ignore[call-arg]
    content = render(facts).content
    pages = int(PdfFileReader(io.BytesIO(content)).root["/Pages"]["/Count"])
    assert pages > 3
    assert text(content).count("Essai – sans valeur juridique") == pages
    assert boxes_drawn(content)[0][0] == pages - 1


@pytest.mark.parametrize("hostile", ['"#panic()"', '#read("/etc/passwd")', "$x$ *b* _i_ `c` \\ @a <b>", "]]}}"])
def test_text_is_never_markup(hostile: str) -> None:
    facts = dataclasses.replace(SAMPLES["licence"], text=hostile)  # type: ignore[call-arg]
    assert hostile.split(maxsplit=1)[0] in text(render(facts).content)


def test_facts_by_name_of_kind() -> None:
    facts = SAMPLES["opinion"]
    assert render_kind("opinion", facts.claims()) == render(facts).content


@dataclasses.dataclass(frozen=True)
class Said:
    at: datetime
    environment: str = "rehearsal"
    reference: str = "L26-0000123"
    name_ar: str = AHMED.name_ar
    name_latin: str = AHMED.name_latin
    function: str = "president"
    body_kind: str = "commune"
    body_ar: str = "برشيد"
    body_fr: str = "Berrechid"
    power_kind: str | None = None
    power_number: str | None = None


def stamp(**said: str) -> Said:
    return Said(datetime.fromisoformat("2026-11-02T10:00:00+00:00"), **said)


def test_stamp_says_who_in_which_capacity_and_when() -> None:
    said = text(render_stamp(stamp()))
    for each in ("Ahmed El Alaoui", "أحمد العلوي", "Président du conseil", "رئيس المجلس", "2026-11-02", "L26-0000123"):
        assert each in said
    assert "Essai – sans valeur juridique" in said
    assert "Essai" not in text(render_stamp(stamp(environment="production")))


def test_stamp_says_by_what_power() -> None:
    said = text(render_stamp(stamp(function="vice_president", power_kind="delegation", power_number="12/2026")))
    for each in ("Vice-président", "par délégation n° 12/2026", "رقم"):
        assert each in said
    assert "Essai – sans valeur juridique" in said


def test_stamp_has_the_size_of_its_box_and_one_page() -> None:
    box = Box(left=0, bottom=0, width=200, height=70)
    page = PdfFileReader(io.BytesIO(render_stamp(stamp(), box=box))).root["/Pages"]["/Kids"][0]
    assert [float(each) for each in page["/MediaBox"]] == [0, 0, 200, 70]
    usual = PdfFileReader(io.BytesIO(render_stamp(stamp()))).root["/Pages"]["/Kids"][0]["/MediaBox"]
    assert float(usual[2]) == pytest.approx(signature_boxes(1)[0].width, abs=0.01)


def test_a_long_name_does_not_make_a_second_page() -> None:
    long = stamp(name_latin=YOUSSEF.name_latin * 4, body_fr="Préfecture d’arrondissements de " * 4)
    assert PdfFileReader(io.BytesIO(render_stamp(long))).root["/Pages"]["/Count"] == 1


def test_without_the_font(tmp_path: Path) -> None:
    with pytest.raises(LayoutFailed):
        Engine(tmp_path)
