"""The paper of a hand-over: both languages, every serial, what did not arrive struck out, the same bytes each time."""

from dataclasses import replace
from datetime import UTC, date, datetime

from pki.quota.devices.handovers import Handover, Receipt
from pki.quota.devices.kinds import CustodyStep, StoreKind
from pki.quota.devices.sheets import HandoverSheet, SheetDevice, StoreName
from pki.registration.kinds import BodyKind
from signer.rendering.receipt import render_receipt
from tests.signer.rendering.test_handover import pages

AT = datetime(2026, 11, 2, 10, tzinfo=UTC)
CENTRE = StoreName(code="MA", kind=StoreKind.CENTRE, body_kind=None, name_ar="", name_fr="")
REGION = StoreName(code="06", kind=StoreKind.REGION, body_kind=None, name_ar="الدار البيضاء", name_fr="Casablanca")
PROVINCE = StoreName(
    code="06.117", kind=StoreKind.BODY, body_kind=BodyKind.PROVINCE, name_ar="برشيد", name_fr="Berrechid"
)
SENT = Handover(
    number=17,
    sender="MA",
    receiver="06.117",
    devices=3,
    remark="#strong[parcel] 4",
    sent_on=date(2026, 11, 2),
    sent_at=AT,
    receipt=None,
)


def sheet(count: int = 3, *, missing: int = 0, sender: StoreName = CENTRE) -> HandoverSheet:
    devices = tuple(
        SheetDevice(
            manufacturer="Thales",
            model="IDPrime 940",
            serial=f"A{number:05}",
            outcome=CustodyStep.MISS if number < missing else CustodyStep.ARRIVE,
        )
        for number in range(count)
    )
    return HandoverSheet(handover=SENT, sender=sender, receiver=PROVINCE, devices=devices)


def render(what: HandoverSheet, environment: str = "rehearsal") -> bytes:
    return render_receipt(what, origin="https://khatam.example", environment=environment)


def test_both_languages_and_every_serial() -> None:
    made = render(sheet())
    (page,) = pages(made)
    for said in ("Bordereau de remise", "Magasin central", "Préfecture ou province de Berrechid", "A00000", "A00002"):
        assert said in page
    assert "#strong[parcel] 4" in page
    assert "Essai – sans valeur juridique" in page
    assert any("\u0600" <= each <= "\u06ff" for each in page)
    assert "manquant" not in page.replace("manquants", "")
    assert made == render(sheet())
    assert "Essai" not in pages(render(sheet(), "production"))[0]


def test_the_receipt_and_what_is_missing() -> None:
    came = Receipt(
        receipt="D 1",
        received_by="S. Amrani",
        received_on=date(2026, 11, 3),
        arrived=2,
        missing=1,
        refused=0,
        recorded_at=AT,
    )
    received = replace(sheet(missing=1, sender=REGION), handover=replace(SENT, receipt=came))
    (page,) = pages(render(received))
    for said in ("Région de Casablanca", "reçu n° D 1", "S. Amrani", "Arrivés : 2 – manquants : 1", "manquant "):
        assert said in page


def test_a_long_list_has_many_pages() -> None:
    found = pages(render(sheet(1000)))
    assert len(found) > 5
    assert "A00999" in "".join(found)
