"""The demonstration's own parts that can be wrong without the story noticing."""

from pathlib import Path

import pytest
from rich.console import Console

from api.cli.demo.acts import ActWrong, Playbill
from api.cli.demo.clients import Refused
from api.cli.demo.peers import PeerDisagrees, _one_der_value, _validation_data_only
from api.cli.demo.stage import MARK, StageRefused, clear_folder


def test_a_folder_that_is_not_a_demonstrations_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StageRefused):
        clear_folder(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_folder_of_ours_is_emptied(tmp_path: Path) -> None:
    clear_folder(tmp_path / "demo")
    (tmp_path / "demo" / "old").write_text("old")
    clear_folder(tmp_path / "demo")
    assert [each.name for each in (tmp_path / "demo").iterdir()] == [MARK]


def test_a_refusal_that_does_not_come_is_a_wrong_act() -> None:
    bill = Playbill(Console(quiet=True))
    with pytest.raises(ActWrong):
        bill.refused("something", "some-code", lambda: None)
    assert [act.ok for act in bill.acts] == [False]


def test_a_refusal_for_another_reason_is_a_wrong_act() -> None:
    bill = Playbill(Console(quiet=True))

    def other() -> None:
        raise Refused(409, {"code": "other", "detail": "another reason"})

    with pytest.raises(ActWrong):
        bill.refused("something", "some-code", other)
    assert [act.ok for act in bill.acts] == [False]


@pytest.mark.parametrize("drawn", [b"/Type /Page ", b"/Contents 3 0 R", b"/JavaScript", b"/Annots [1 0 R]"])
def test_more_than_validation_data_after_the_last_signature_is_seen(drawn: bytes) -> None:
    with pytest.raises(PeerDisagrees):
        _validation_data_only(b"<< /DSS 4 0 R >> " + drawn)


@pytest.mark.parametrize("length", [3, 200, 70_000])
def test_one_der_value_is_cut_from_its_padding(length: int) -> None:
    octets = (length.bit_length() + 7) // 8
    header = bytes([0x30, length]) if length < 128 else bytes([0x30, 0x80 | octets]) + length.to_bytes(octets, "big")
    value = header + b"\x05" * length
    assert _one_der_value(value + bytes(500)) == value
