"""What the QR of a hand-over sheet leads to: how far an order is, and nobody's name."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.pages.languages import language
from api.pages.orders import state_name
from api.pages.router import Pages, pages_router
from pki.quota.kinds import OrderState
from pki.quota.reading import OrderNotice
from pki.registration.kinds import BodyKind, OfficeFunction
from tests.api.pages.answers import AT
from tests.api.pages.test_pages import LANGUAGES, Verifications, well_formed

NUMBER = UUID("6f1d2a90-3c4b-4e57-8a6d-0b9c8d7e6f5a")
NOTICE = OrderNotice(
    body_kind=BodyKind.COMMUNE,
    name_ar="برشيد",
    name_fr="Berrechid",
    function=OfficeFunction.VICE_PRESIDENT,
    rank=2,
    state=OrderState.DELIVERED,
    requested_at=datetime(2026, 11, 2, 10, tzinfo=UTC),
)


@pytest.fixture
def client() -> TestClient:
    def order(number: UUID) -> OrderNotice | None:
        return NOTICE if number == NUMBER else None

    app = FastAPI()
    app.include_router(
        pages_router(Pages(verifications=Verifications(), order=order, rehearsal=True, clock=lambda: AT))
    )
    return TestClient(app)


@pytest.mark.parametrize("code", LANGUAGES)
def test_an_order_by_its_link(client: TestClient, code: str) -> None:
    page = client.get(f"/O/{NUMBER}?lang={code}")
    assert page.status_code == 200
    well_formed(page.text)
    assert ("برشيد" if code == "ar" else "Berrechid") in page.text
    assert state_name(OrderState.DELIVERED, language(code)) in page.text.replace("&#39;", "'")
    assert language(code).day(NOTICE.requested_at) in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "noindex" in page.text


@pytest.mark.parametrize(
    "said", ["8b3f6c1e-0d7a-4c55-9d0e-5a4f1c2b3d4e", "x", "0", f"{{{NUMBER}}}", NUMBER.hex, "../../v1/key-orders"]
)
def test_another_number_is_none(client: TestClient, said: str) -> None:
    page = client.get(f"/O/{said}", headers={"Accept-Language": "fr"})
    assert page.status_code == 404
    if "/" not in said:
        assert "Commande introuvable" in page.text


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_state_has_its_word(code: str) -> None:
    words = {state_name(each, language(code)) for each in OrderState}
    assert len(words) == len(OrderState)
