"""How long a PIN may be, as the device says it: python-pkcs11 reads that and drops it."""

from tests.hsm.conftest import Device


def test_a_device_says_how_long_its_pin_may_be(device: Device) -> None:
    with device.module() as opened:
        bounds = {(each.pin_shortest, each.pin_longest) for each in opened.devices()}
    # SoftHSM's own constants (MIN_PIN_LEN, MAX_PIN_LEN).
    assert bounds == {(4, 255)}
