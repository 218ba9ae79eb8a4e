"""What an authentication key signs."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis.strategies import sampled_from, text, tuples

from hsm.prepared.authentication import Purpose, authentication_message
from tests.hsm.prepared.authority import NOW

parts = tuples(sampled_from(list(Purpose)), text(max_size=5), text(max_size=5), text(max_size=5))


@given(parts, parts)
def test_no_two_inputs_share_a_message(one: tuple[str, str, str, str], other: tuple[str, str, str, str]) -> None:
    same = authentication_message(*one, NOW) == authentication_message(*other, NOW)
    assert same == (one == other)


def test_time_and_prefix_are_in_it() -> None:
    message = authentication_message("login", "https://khatam.example", "s", "a", NOW)
    assert message.startswith(b"khatam-auth-v1")
    assert message != authentication_message("login", "https://khatam.example", "s", "a", NOW + timedelta(seconds=1))


def test_unknown_purpose_is_refused() -> None:
    with pytest.raises(ValueError, match="sign-anything"):
        authentication_message("sign-anything", "o", "s", "a", NOW)
