"""What survives a crash, and who may read it."""

import dataclasses
import os
from pathlib import Path

import pytest

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.spool import Spool, SpooledValue
from hsm.keys import SignatureAlgorithm

VALUE = SpooledValue(
    ceremony="c",
    item="i",
    reference="L26-0000123",
    attributes=b"attributes",
    value=b"value",
    algorithm=SignatureAlgorithm.ECDSA_SHA256,
)


def test_values_come_back_and_go(tmp_path: Path) -> None:
    with Spool.open(tmp_path / "spool", "a" * 64) as spool:
        spool.put_value(VALUE)
        spool.put_value(VALUE)
        other = dataclasses.replace(VALUE, attributes=b"others")
        spool.put_value(other)
    with Spool.open(tmp_path / "spool", "a" * 64) as spool:
        assert spool.values() == [VALUE, other]
        spool.drop_value(VALUE)
        spool.drop_value(VALUE)
        spool.drop_value(other)
    assert [path for path in (tmp_path / "spool").iterdir() if path.is_dir()] == []


def test_everything_is_owner_only(tmp_path: Path) -> None:
    with Spool.open(tmp_path / "spool", "a" * 64) as spool:
        spool.put_value(VALUE)
        spool.put("key.pem", b"key")
    for path in (tmp_path / "spool").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_folder_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir(mode=0o755)
    (tmp_path / "spool").chmod(0o755)
    with pytest.raises(AgentError) as refused, Spool.open(tmp_path / "spool", "a" * 64):
        pass
    assert refused.value.code is AgentCode.SPOOL


def test_planted_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "spool").mkdir(mode=0o700)
    (tmp_path / "spool" / ("a" * 64)).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AgentError), Spool.open(tmp_path / "spool", "a" * 64):
        pass


def test_damaged_value_is_said(tmp_path: Path) -> None:
    with Spool.open(tmp_path / "spool", "a" * 64) as spool:
        spool.put("value-1.json", b"{}")
        with pytest.raises(AgentError) as refused:
            spool.values()
        assert refused.value.code is AgentCode.SPOOL


def test_one_agent_at_a_time(tmp_path: Path) -> None:
    with Spool.open(tmp_path / "spool", "a" * 64):
        with pytest.raises(AgentError) as refused, Spool.open(tmp_path / "spool", "b" * 64):
            pass
        assert refused.value.code is AgentCode.BUSY
        assert f"process {os.getpid()}" in str(refused.value)
