"""A licence is genuinely signed, then somebody adds bytes: nothing that a viewer shows otherwise stays AUTHENTIC.

The papers: Mladenov et al., "1 Trillion Dollar Refund" (CCS 2019: USF, ISA, SWA); Mainka et al., "Shadow Attacks"
(NDSS 2021: hide, replace, hide-and-replace); Rohlmann et al., "Breaking the Specification: PDF Certification" (S&P
2021: EAA, SSA). Clauses are those of ISO 32000-1. Each attack is one change to the signed file; its docstring names it.
"""

from pathlib import Path

import pytest

from signer.verification.answer import Reason, Verdict
from signer.verification.findings import LaterChanges
from tests.hostile import additions, pages, tables
from tests.hostile.builders import OTHER_WORDS, SIGNED_WORDS, Attack, shown
from tests.hostile.judging import AUTHENTIC, inspected, judged
from tests.signer.verification.estate import Estate

SHOWN_OTHERWISE = [*pages.SHOWN_OTHERWISE, *tables.SHOWN_OTHERWISE]
OTHER = [*pages.OTHER, *tables.OTHER, *additions.OTHER]


def test_the_untouched_licences_are_authentic(
    estate: Estate, certified: bytes, approved: bytes, tmp_path: Path
) -> None:
    """What the attacks start from; and poppler reads what was signed."""
    for pdf in (certified, approved):
        assert judged(estate, pdf) == AUTHENTIC
        words_shown = shown(pdf, tmp_path)
        assert words_shown is None or words_shown.startswith(SIGNED_WORDS)


@pytest.mark.parametrize("attack", [*SHOWN_OTHERWISE, *OTHER], ids=lambda attack: attack.__name__)
def test_what_was_added_is_never_authentic(estate: Estate, attack: Attack, approved: bytes) -> None:
    """Behind an approval, which allows more than a certification."""
    changed = attack(approved)
    assert changed.startswith(approved)
    assert judged(estate, changed)[0] is not Verdict.AUTHENTIC


@pytest.mark.parametrize("attack", SHOWN_OTHERWISE, ids=lambda attack: attack.__name__)
def test_what_was_added_to_a_certified_licence(estate: Estate, attack: Attack, certified: bytes) -> None:
    assert judged(estate, attack(certified))[0] is not Verdict.AUTHENTIC


@pytest.mark.parametrize("attack", SHOWN_OTHERWISE, ids=lambda attack: attack.__name__)
def test_the_attacks_are_real(attack: Attack, approved: bytes, tmp_path: Path) -> None:
    """A viewer shows other words than those signed."""
    words_shown = shown(attack(approved), tmp_path)
    assert words_shown is not None, "poppler is not installed"
    assert OTHER_WORDS.split()[0] in words_shown


@pytest.mark.parametrize("attack", tables.SHOWN_OTHERWISE)
def test_increments_that_two_readers_read_differently(estate: Estate, approved: bytes, attack: Attack) -> None:
    """The signature holds; the answer says that something was added."""
    findings = inspected(estate, attack(approved))
    assert findings.signatures[0].later_changes is LaterChanges.OTHER
    assert judged(estate, attack(approved)) == (Verdict.NOT_AUTHENTIC, Reason.CONTENT_ADDED)
