"""Which PINs may be set."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis.strategies import integers, text

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.holder.pin_rules import SAID, PinFault, PinRules
from hsm.cryptoki.factory import FACTORY
from hsm.pin import Pin
from tests.hsm.agent.estate import MemoryDevices

RULES = PinRules(shortest=6, longest=12)


@pytest.mark.parametrize(
    ("characters", "fault"),
    [
        ("73019", PinFault.TOO_SHORT),
        ("7301928465019", PinFault.TOO_LONG),
        ("111111", PinFault.ALL_EQUAL),
        ("aaaaaaaa", PinFault.ALL_EQUAL),
        ("123456", PinFault.PUBLISHED),
        ("12345678", PinFault.PUBLISHED),
        ("1234567890", PinFault.PUBLISHED),
        ("Rockey", PinFault.PUBLISHED),
        ("PASSWORD", PinFault.PUBLISHED),
        ("345678", PinFault.SEQUENCE),
        ("890123", PinFault.SEQUENCE),
        ("987654", PinFault.SEQUENCE),
        ("210987", PinFault.SEQUENCE),
        ("abcdef", PinFault.SEQUENCE),
        ("fedcba", PinFault.SEQUENCE),
        ("٧٣٠١٩٢٨", PinFault.ALPHABET),
        ("7301 928", PinFault.ALPHABET),
        ("7301\t928", PinFault.ALPHABET),
    ],
)
def test_what_may_not_be_set(characters: str, fault: PinFault) -> None:
    with pytest.raises(AgentError) as refused:
        RULES.require(Pin(characters))
    assert refused.value.code is AgentCode.PIN_RULE
    assert refused.value.fields["fault"] == fault.value
    assert characters not in str(refused.value)
    assert characters not in repr(refused.value.fields)


@pytest.mark.parametrize("characters", ["730192", "730192846501", "135790", "a1b2c3", "112358"])
def test_what_may_be_set(characters: str) -> None:
    RULES.require(Pin(characters))


def test_the_one_from_before_is_no_new_one() -> None:
    assert RULES.fault(Pin("730192"), before=Pin("730192")) is PinFault.SAME
    assert RULES.fault(Pin("730192"), before=Pin("730193")) is None


@given(text(alphabet="0123456789", min_size=1, max_size=40), integers(0, 20), integers(1, 40))
def test_nothing_outside_the_bounds_is_taken(characters: str, shortest: int, longest: int) -> None:
    rules = PinRules(shortest=shortest, longest=longest)
    if rules.fault(Pin(characters)) is None:
        assert shortest <= len(characters) <= longest
        assert characters not in FACTORY


def test_every_fault_is_said() -> None:
    assert set(SAID) == set(PinFault)


@pytest.mark.parametrize(
    ("bounds", "expected"), [((0, 0), (6, 32)), ((4, 8), (6, 8)), ((8, 255), (8, 32)), ((4, 4), (4, 4))]
)
def test_the_device_narrows_the_bounds(bounds: tuple[int, int], expected: tuple[int, int]) -> None:
    """A card that takes four digits and no more is not refused for that; nothing else goes below six."""
    (device,) = MemoryDevices().devices()
    names = ("pin_shortest", "pin_longest")
    rules = PinRules.of(dataclasses.replace(device, **dict(zip(names, bounds, strict=True))))
    assert (rules.shortest, rules.longest) == expected
