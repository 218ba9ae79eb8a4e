"""The service and the agent killed at any instant of a ceremony: nothing lost, nothing doubled."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from api.cli.demo import cast
from api.cli.demo.peers import pdfsig_accepts
from api.cli.demo.stage import start_agent
from api.cli.demo.story import World

pytestmark = pytest.mark.timeout(300)
PRESIDENT = cast.PRESIDENT.key


def open_ceremony(world: World, references: list[str]) -> dict[str, str]:
    opened: dict[str, str] = world.platform.post(
        "/v1/ceremonies", {"signer": world.holders[PRESIDENT], "documents": references}
    )
    return opened


def kill_service(world: World) -> None:
    """SIGKILL, to the supervisor: its children must notice by themselves."""
    service = world.stage._service
    assert service is not None
    os.kill(service.pid, signal.SIGKILL)
    service.wait()


def is_done(world: World, opened: dict[str, str]) -> bool:
    """Whether nothing is left for the agent: each value is kept, or in its document."""
    status = world.platform.get(f"/v1/ceremonies/{opened['id']}")
    return all(item["state"] in {"kept", "signed"} for item in status["items"])


def sign_again_until_done(world: World, opened: dict[str, str]) -> None:
    """What a person does: run the same again while the page waits and the agent says that it may help."""
    for _ in range(6):
        if is_done(world, opened):
            return  # all was kept before the kill
        agent = start_agent(world.workplaces[PRESIDENT], "sign", opened["agent_url"], "--unattended")
        said, _ = agent.communicate(timeout=90)
        if agent.returncode == 0:
            return
        assert is_done(world, opened) or agent.returncode in (5, 6), said
        time.sleep(0.5)
    pytest.fail("the agent did not end its work in six runs")


def assert_signed_once(world: World, references: list[str], folder: Path) -> None:
    for reference in references:
        pdf = folder / f"{reference}.pdf"
        pdf.write_bytes(world.settled(reference, level="B-T"))
        pdfsig_accepts(pdf, signatures=1)


def test_the_service_killed_between_prepare_and_complete(world: World, licences: list[str], tmp_path: Path) -> None:
    opened = open_ceremony(world, licences)
    kill_service(world)
    world.stage.start()
    sign_again_until_done(world, opened)
    world.signed(opened["id"])
    assert_signed_once(world, licences, tmp_path)


def longer(seconds: float) -> object:
    """An instant of which the tests have no time: `make soak` has."""
    return pytest.param(seconds, marks=pytest.mark.soak)


@pytest.mark.parametrize("seconds", [longer(0.6), 1.0, longer(1.4)])
def test_the_service_killed_while_the_agent_works(
    world: World, licences: list[str], tmp_path: Path, seconds: float
) -> None:
    opened = open_ceremony(world, licences)
    agent = start_agent(world.workplaces[PRESIDENT], "sign", opened["agent_url"], "--unattended")
    time.sleep(seconds)
    kill_service(world)
    world.stage.start()
    agent.communicate(timeout=120)
    sign_again_until_done(world, opened)
    world.signed(opened["id"])
    assert_signed_once(world, licences, tmp_path)


@pytest.mark.parametrize("seconds", [longer(0.7), 1.1, longer(1.5)])
def test_the_agent_killed_while_it_works(world: World, licences: list[str], tmp_path: Path, seconds: float) -> None:
    opened = open_ceremony(world, licences)
    agent = start_agent(world.workplaces[PRESIDENT], "sign", opened["agent_url"], "--unattended")
    time.sleep(seconds)
    agent.kill()
    agent.communicate()
    sign_again_until_done(world, opened)
    world.signed(opened["id"])
    assert_signed_once(world, licences, tmp_path)


def test_no_process_outlives_the_service(world: World) -> None:
    running = _children(world)
    assert running
    kill_service(world)
    deadline = time.monotonic() + 20
    while (left := [pid for pid in running if Path(f"/proc/{pid}").exists()]) and time.monotonic() < deadline:
        time.sleep(0.2)
    world.stage.start()
    assert not left


def test_a_wrong_pin_is_tried_once_and_nothing_is_signed(world: World, licences: list[str]) -> None:
    workplace = world.workplaces[PRESIDENT]
    right = workplace.pin_file.read_text(encoding="utf-8")
    opened = open_ceremony(world, licences)
    workplace.pin_file.write_text("00000000", encoding="utf-8")
    try:
        agent = start_agent(workplace, "sign", opened["agent_url"], "--unattended")
        said, _ = agent.communicate(timeout=60)
    finally:
        workplace.pin_file.write_text(right, encoding="utf-8")
    report = json.loads(said.splitlines()[-1])
    assert agent.returncode == 4
    assert report["error"]["code"] == "pin-wrong"
    states = {item["state"] for item in world.platform.get(f"/v1/ceremonies/{opened['id']}")["items"]}
    assert not states & {"kept", "signed"}
    sign_again_until_done(world, opened)


def _children(world: World) -> list[int]:
    service = world.stage._service
    assert service is not None
    found = subprocess.run(["pgrep", "-P", str(service.pid)], capture_output=True, text=True, check=True)
    return [int(line) for line in found.stdout.split()]
