"""Two members at their desks: a device pulled, the same minutes at the same time."""

from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from api.cli.demo import cast
from api.cli.demo.story import World
from hsm.agent.errors import AgentCode
from tests.story.desks import Committee, Desk, opinion
from tests.story.test_bad_input import processes, refusal, unharmed

__all__ = ["unharmed"]
pytestmark = pytest.mark.timeout(300)


def test_a_device_removed_between_two_signatures(world: World, committee: Committee) -> None:
    desk = committee.province
    references = []
    for path in committee.dossiers[:2]:
        read = world.platform.get(path)["files"][0]["sha256"]
        references.append(opinion(desk, path, cast.PROVINCE, read))
    opened = desk.opened(*references)
    desk.devices.remove_after = len(desk.devices.signed) + 1
    report = desk.sign(opened["agent_url"])
    assert report.error is not None
    assert (report.error.code, report.kept) == (AgentCode.DEVICE_REMOVED, 1)
    assert "1 of 2 are signed" in str(report.error)
    desk.devices.remove_after = None
    assert desk.sign(opened["agent_url"]).error is None
    world.signed(opened["id"])


def test_two_members_preparing_the_same_minutes(world: World, committee: Committee) -> None:
    path = committee.dossiers[2]
    read = world.platform.get(path)["files"][0]["sha256"]
    given = opinion(committee.province, path, cast.PROVINCE, read)
    for desk, reference in ((committee.commune, committee.opinions[2]), (committee.province, given)):
        ceremony = desk.opened(reference)
        assert desk.sign(ceremony["agent_url"]).error is None
        world.signed(ceremony["id"])
    minutes = world.platform.post(f"{path}/minutes", {"absent": {cast.AGENCY: "Empêché"}})["reference"]
    desks = (committee.commune, committee.province)

    def opened(desk: Desk) -> httpx2.Response:
        return world.platform._http.post("/v1/ceremonies", json={"signer": desk.holder, "documents": [minutes]})

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(opened, desks))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    won = answers[0].status_code == 201
    (winner, its), (loser, other) = (
        zip(desks, answers, strict=True) if won else [*zip(desks, answers, strict=True)][::-1]
    )
    problem = refusal(other, 409, "document-leased")
    assert winner.person.name_latin in problem["detail"]
    assert problem["until"]
    refusal(opened(loser), 409, "document-leased")
    assert winner.sign(its.json()["agent_url"]).error is None
    world.signed(its.json()["id"])
    then = opened(loser).json()
    assert loser.sign(then["agent_url"]).error is None
    world.signed(then["id"])
    signed = world.public.post_bytes("/v1/verifications", world.settled(minutes, level="B-T"))
    assert len(signed["signatures"]) == 2
    assert set(processes(world).values()) >= {"api", "jobs"}
