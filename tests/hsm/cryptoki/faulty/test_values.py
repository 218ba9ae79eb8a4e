"""What comes out of the device is its key's signature, whole and right, or nothing; and is asked for once."""

from typing import Literal

import pytest

from hsm.cryptoki.module import Module
from hsm.errors import DeviceError, DeviceUnavailable, HsmError
from hsm.keys import KeyKind
from tests.hsm.conftest import Device
from tests.hsm.cryptoki.faulty.conftest import sign
from tests.rig.faulty.codes import CKR
from tests.rig.faulty.control import Faulty

Damage = Literal["flip", "short", "long", "zero"]
KINDS = [KeyKind.EC_P256, KeyKind.RSA_2048]
REFUSALS = {CKR.PIN_INCORRECT, CKR.PIN_INVALID, CKR.PIN_LEN_RANGE}
"""After one of these the PIN that came with the signature counts as refused, rightly."""


def signed(faulty: Faulty) -> int:
    """How often the device was asked for a signature."""
    return len([each for each in faulty.calls("C_Sign") if each.performed])


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_value_is_thrown_away_whatever_the_damage(
    device: Device, module: Module, faulty: Faulty, kind: KeyKind
) -> None:
    person = device.typed()
    key = module.key(device.generate(module, kind), person)
    damages: tuple[Damage, ...] = ("flip", "short", "long", "zero")
    for turn, damage in enumerate(damages):
        faulty.spoil(damage, at=1)
        with pytest.raises(DeviceUnavailable, match="thrown away"):
            key.sign(b"m", key.algorithms[0])
        assert signed(faulty) == 2 * turn + 1, "the caller decides whether it is asked for again"
        sign(key, algorithm=key.algorithms[0])
        assert signed(faulty) == 2 * turn + 2


@pytest.mark.parametrize("always_authenticate", [False, True], ids=["ordinary", "strict"])
@pytest.mark.parametrize("performed", [False, True], ids=["not-made", "made"])
def test_no_failure_makes_the_driver_sign_again(
    device: Device, module: Module, faulty: Faulty, *, performed: bool, always_authenticate: bool
) -> None:
    """Whatever C_Sign answers, having signed or not: one call of it, one error of ours, and the next one works."""
    if always_authenticate:
        faulty.always_authenticate()
    person = device.typed()
    key = module.key(device.generate(module, always_authenticate=always_authenticate), person)
    for code in CKR:
        if code is CKR.OK or (always_authenticate and code in REFUSALS):
            continue
        asked, before = faulty.counted("C_Sign"), len(person.asked)
        faulty.answer("C_Sign", code, at=1, performed=performed)
        with pytest.raises(HsmError) as failed:
            key.sign(b"m", key.algorithms[0])
        assert "Nothing" in str(failed.value), code.name
        assert faulty.counted("C_Sign") == asked + 1, code.name
        assert len(person.asked) - before == (1 if always_authenticate else 0), code.name
        sign(key)
        assert faulty.counted("C_Sign") == asked + 2, code.name


def test_a_code_that_no_standard_knows_is_an_error_of_ours(device: Device, module: Module, faulty: Faulty) -> None:
    key = module.key(device.generate(module), device.typed())
    number = faulty.counted("C_Sign") + 1
    faulty.write(f"answer C_Sign {number} 0x80000123 performed", f"answer C_Sign {number + 1} 0x7FFFFFFF")
    for turn in (1, 2):
        with pytest.raises(DeviceError):
            key.sign(b"m", key.algorithms[0])
        assert faulty.counted("C_Sign") == turn
    sign(key)


def test_a_signature_that_could_not_be_begun_is_not_made(device: Device, module: Module, faulty: Faulty) -> None:
    key = module.key(device.generate(module), device.typed())
    for code in (CKR.DEVICE_ERROR, CKR.DEVICE_MEMORY, CKR.OPERATION_ACTIVE, CKR.KEY_FUNCTION_NOT_PERMITTED):
        before = faulty.counted("C_Sign")
        faulty.answer("C_SignInit", code, at=1)
        with pytest.raises(HsmError):
            key.sign(b"m", key.algorithms[0])
        assert faulty.counted("C_Sign") == before
        sign(key)
