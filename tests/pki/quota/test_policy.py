"""Above the set number of seats somebody above both sides is needed."""

from pki.quota.policy import QuotaPolicy


def test_above_the_set_number() -> None:
    assert [QuotaPolicy(four_eyes_above=5).needs_above(seats) for seats in (1, 5, 6)] == [False, False, True]
    assert QuotaPolicy(four_eyes_above=0).needs_above(1)
