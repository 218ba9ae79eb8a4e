"""Hand-over sheets: a page a council, both languages, a code for each new key, the same bytes each time."""

import subprocess
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from pki.quota.elections.kinds import KeyOutcome
from pki.quota.elections.sheets import CouncilSheet, SheetGone, SheetPlace
from pki.quota.kinds import OrderState
from pki.records import OrderId
from pki.registration.kinds import BodyKind, OfficeFunction
from signer.rendering.errors import FactsRefused
from signer.rendering.handover import MOST, render_handover

ORDER = OrderId(UUID(int=7))


def sheet(name_fr: str = "Berrechid") -> CouncilSheet:
    return CouncilSheet(
        label="Élections 2027",
        body_code="06.117.01.03",
        kind=BodyKind.COMMUNE,
        name_ar="برشيد",
        name_fr=name_fr,
        frozen_on=date(2027, 9, 10),
        freeze_deed="PV 1",
        elected_on=date(2027, 9, 20),
        deed="محضر 7/2027",
        seated_at=datetime(2027, 9, 21, tzinfo=UTC),
        places=(
            SheetPlace(
                function=OfficeFunction.PRESIDENT,
                rank=None,
                name_ar="فاطمة الزهراء بنيس",
                name_latin="Fatima Zahra Bennis",
                outcome=KeyOutcome.SUCCEEDS,
                order=ORDER,
                state=OrderState.REQUESTED,
            ),
            *(
                SheetPlace(
                    function=OfficeFunction.VICE_PRESIDENT,
                    rank=rank,
                    name_ar="أحمد",
                    name_latin="Ahmed El Alaoui",
                    outcome=KeyOutcome.NONE,
                    order=None,
                    state=None,
                )
                for rank in range(1, 6)
            ),
        ),
        gone=(
            SheetGone(
                function=OfficeFunction.PRESIDENT,
                rank=None,
                name_ar="محمد",
                name_latin="Mohamed Idrissi",
                order=OrderId(UUID(int=8)),
            ),
        ),
    )


def render(*sheets: CouncilSheet, environment: str = "rehearsal") -> bytes:
    return render_handover(sheets, origin="https://khatam.example", environment=environment)


def pages(pdf: bytes) -> list[str]:
    """The words of each page, as a reader's program finds them."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True, timeout=60)
    return done.stdout.decode().split("\f")[:-1]


def test_a_page_a_council_in_both_languages() -> None:
    made = render(sheet(), sheet("Deroua"))
    found = pages(made)
    assert len(found) == 2
    for page, name in zip(found, ("Berrechid", "Deroua"), strict=True):
        assert f"Commune de {name}" in page
        assert "Fatima Zahra Bennis" in page
        assert "Support à rendre" in page
        assert "Essai – sans valeur juridique" in page
        assert any("\u0600" <= each <= "\u06ff" for each in page)
    assert made == render(sheet(), sheet("Deroua"))


def test_production_has_no_mark() -> None:
    (page,) = pages(render(sheet(), environment="production"))
    assert "Essai" not in page


@pytest.mark.parametrize("number", [0, MOST + 1])
def test_how_many_sheets_a_file_holds(number: int) -> None:
    with pytest.raises(FactsRefused):
        render(*[sheet()] * number)
