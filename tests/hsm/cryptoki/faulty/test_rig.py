"""The faulty module itself: what the other tests here lean on."""

import re
import stat

import pytest

from hsm.cryptoki.module import Module
from hsm.errors import DeviceUnavailable, PinRefused
from tests.hsm.conftest import RIGHT, WRONG, Device
from tests.hsm.cryptoki.faulty.conftest import sign
from tests.rig.faulty.building import SOURCE, functions
from tests.rig.faulty.codes import CKR
from tests.rig.faulty.control import Faulty


def test_the_names_are_those_of_the_c_source() -> None:
    header = (SOURCE / "cryptoki.h").read_text(encoding="ascii")
    listed = re.findall(r"X\(CKR_(\w+), (0x[0-9A-Fa-f]+)\)", header)
    assert {(name, int(value, 16)) for name, value in listed} == {(each.name, each.value) for each in CKR}
    assert len(functions()) == 68
    assert functions()[0] == "C_Initialize"
    assert functions()[-1] == "C_WaitForSlotEvent"


def test_without_a_script_it_is_the_module_it_wraps(device: Device, module: Module, faulty: Faulty) -> None:
    sign(module.key(device.generate(module), device.typed()))
    assert {each.result for each in faulty.calls("C_Sign")} == {"CKR_OK"}
    assert faulty.counted("C_Sign") == len(faulty.calls("C_Sign")) == 1
    assert faulty.counted() == len(faulty.calls())


@pytest.mark.parametrize(
    "line",
    [
        "remove",
        "remove C_Sign",
        "remove C_Sign 1",
        "remove C_Nothing 1 before",
        "remove C_Sign 0 before",
        "answer C_Sign 2 CKR_NONSENSE",
        "answer C_Sign 2 CKR_DEVICE_ERROR perhaps",
        "delay C_Sign * slowly",
        "crash C_Sign 1 politely",
        "pin nearly-locked",
        "pad-types user *",
        "mechanisms only CKM_NONE",
        "string label 0",
        "firmware 300.1",
        "user-tries 0",
        "hide-empty now",
        "nonsense",
    ],
)
def test_a_bad_line_is_refused_loudly(device: Device, faulty: Faulty, line: str) -> None:
    faulty.write("# fine", "", line)
    with pytest.raises(DeviceUnavailable):
        Module.open(faulty.path, softhsm_conf=device.conf, timeout=5)
    assert faulty.complaint() == "faulty: the script is refused (line 3)\n"
    assert faulty.calls() == []


def test_a_script_gone_bad_stops_everything(module: Module, faulty: Faulty) -> None:
    faulty.write("nonsense")
    with pytest.raises(DeviceUnavailable):
        module.devices()
    assert set(faulty.complaint().splitlines()) == {"faulty: the script is refused (line 1)"}


def test_no_pin_is_written_anywhere_but_in_the_script(device: Device, module: Module, faulty: Faulty) -> None:
    faulty.always_authenticate()
    key = module.key(device.generate(module, always_authenticate=True), device.typed(WRONG))
    with pytest.raises(PinRefused):
        key.sign(b"m", key.algorithms[0])
    faulty.pad(user=RIGHT, new=WRONG)
    faulty.write(f"pad-types user {RIGHT}{WRONG}")
    with pytest.raises(DeviceUnavailable):
        module.devices()
    for each in faulty.folder.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) & 0o077 == 0 or each.suffix == ".so"
        if each.name != "script":
            assert RIGHT.encode() not in each.read_bytes()
            assert WRONG.encode() not in each.read_bytes()
