from datetime import timedelta

import pytest
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESPassed

from signer.verification.etsi import JUDGEMENTS, Indication, SubIndication, judge, judge_expired
from tests.signer.verification.estate import T0

ROWS = [*AdESPassed, *AdESFailure, *AdESIndeterminate]
OURS = {"EXPIRED", "NOT_YET_VALID", "GENERIC", "OK"}


@pytest.mark.parametrize("word", ROWS, ids=lambda word: f"{word.status.name}-{word.name}")
def test_every_word_of_the_library_has_a_row(word: AdESIndeterminate) -> None:
    judgement = judge(word.status.name, word.standard_name, not_after=T0)
    if word.name not in OURS:
        assert judgement.sub_indication == word.name
        assert judgement.indication.value.endswith(word.status.name)
    assert judgement.sub_indication is None or judgement.sub_indication.value != "GENERIC"


def test_no_row_for_a_word_that_the_library_does_not_have() -> None:
    assert len(JUDGEMENTS) == len(ROWS) - 1  # EXPIRED takes two instants


def test_generic_becomes_the_nearest_word_with_our_detail() -> None:
    judgement = judge("INDETERMINATE", "GENERIC", not_after=T0)
    assert (judgement.sub_indication, judgement.detail) == (
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        "library-unspecified",
    )


def test_not_yet_valid_fails_whichever_class_says_so() -> None:
    for status in ("FAILED", "INDETERMINATE"):
        judgement = judge(status, "NOT_YET_VALID", not_after=T0)
        assert (judgement.indication, judgement.sub_indication) == (
            Indication.TOTAL_FAILED,
            SubIndication.NOT_YET_VALID,
        )


def test_expired_needs_proof_that_it_was_signed_later() -> None:
    later = judge_expired(not_after=T0, not_before_time=T0 + timedelta(seconds=1))
    assert (later.indication, later.sub_indication) == (Indication.TOTAL_FAILED, SubIndication.EXPIRED)
    for unproven in (None, T0):
        judgement = judge_expired(not_after=T0, not_before_time=unproven)
        assert (judgement.indication, judgement.sub_indication) == (
            Indication.INDETERMINATE,
            SubIndication.OUT_OF_BOUNDS_NO_POE,
        )


def test_an_unknown_word_is_not_guessed() -> None:
    with pytest.raises(KeyError):
        judge("PASSED", "SOMETHING", not_after=T0)
