"""The packaged agent is its own interpreter: what it is started as when a driver needs its process."""

import sys
from pathlib import Path

import pytest

from hsm.cryptoki import supervisor
from hsm.cryptoki.provisioning import SOFTHSM_MODULE
from hsm.cryptoki.standing import ModulePath
from hsm.cryptoki.station import Station
from tests.hsm.conftest import make_device

START = Path(__file__).parents[3] / "deploy/agent/windows/start.py"


def test_packaged_agent_serves_as_the_worker_of_a_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOFTHSM2_CONF", "")
    device = make_device(tmp_path / "softhsm", "president")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    packaged = supervisor.command()
    assert packaged == [sys.executable, supervisor.FROZEN_ARGUMENT]
    monkeypatch.setattr(supervisor, "command", lambda: [sys.executable, str(START), *packaged[1:]])
    with Station([ModulePath(path=SOFTHSM_MODULE, softhsm_conf=device.conf)]) as station:
        assert [each.label for each in station.devices() if each.initialised] == ["president"]
        (worker,) = station.worker_pids()
        assert str(START).encode() in Path(f"/proc/{worker}/cmdline").read_bytes().split(b"\0")
