"""The native calls go through the function list that python-pkcs11 itself uses."""

import ctypes
from pathlib import Path

import pkcs11
import pytest

from hsm.cryptoki import native
from hsm.cryptoki.native import Native, functions_of
from hsm.cryptoki.provisioning import SOFTHSM_MODULE


def list_of(module: Path) -> int:
    pointer = ctypes.c_void_p()
    assert ctypes.CDLL(str(module)).C_GetFunctionList(ctypes.byref(pointer)) == 0
    return pointer.value or 0


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pkcs11.lib:
    conf = tmp_path / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {tmp_path}\n", encoding="utf-8")
    monkeypatch.setenv("SOFTHSM2_CONF", str(conf))
    library = pkcs11.lib(str(SOFTHSM_MODULE))
    yield library
    library.finalize()


def test_it_is_the_one_behind_library_and_token(library: pkcs11.lib) -> None:
    """SoftHSM has one list for all: what is read from python-pkcs11's object is that one."""
    (slot,) = library.get_slots()
    expected = list_of(SOFTHSM_MODULE)
    assert {functions_of(each) for each in (library, slot, slot.get_token())} == {expected}


def test_an_object_of_another_shape_is_not_read(library: pkcs11.lib, monkeypatch: pytest.MonkeyPatch) -> None:
    assert functions_of(object()) == functions_of(None) == 0
    monkeypatch.setattr(native, "_THREE_POINTERS", 16)
    assert functions_of(library) == 0
    (slot,) = library.get_slots()
    assert Native(SOFTHSM_MODULE, library).pin_bounds(slot.slot_id) == (4, 255)
