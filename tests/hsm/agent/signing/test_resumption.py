"""Interruptions: nothing lost, nothing doubled, and what is left is asked for again."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from hsm.agent.errors import AgentCode
from hsm.agent.report import SigningReport
from hsm.agent.signing.ceremony import Signing
from tests.hsm.agent.estate import Killed, Workplace


def sign(workplace: Workplace) -> SigningReport:
    return Signing(workplace.config, workplace.ticket, workplace.surroundings()).run()


def test_killed_between_signature_and_post(workplace: Workplace) -> None:
    def kill(method: str, path: str) -> httpx2.Response | None:
        if path.endswith("/i1/value"):
            raise Killed
        return None

    workplace.service.before = kill
    with pytest.raises(Killed):
        sign(workplace)
    # The next one may have been signed while this one was on its way, and be in the spool as well.
    assert len(workplace.devices.signed) in (2, 3)
    assert [json.loads(path.read_bytes())["item"] for path in workplace.spooled()].count("i1") == 1
    workplace.service.before = lambda method, path: None
    report = sign(workplace)
    assert report.error is None
    assert sorted(workplace.service.posted) == ["i0", "i1", "i2"]
    # The second run signed only what was left: the spooled value was posted, not made again.
    assert len(workplace.devices.signed) == 3
    assert len(set(workplace.devices.signed)) == 3
    assert workplace.spooled() == []


def test_killed_between_post_and_acknowledgement(workplace: Workplace) -> None:
    answer = workplace.service.answer

    def lose(request: httpx2.Request) -> httpx2.Response:
        done = answer(request)
        if request.url.path.endswith("/i0/value"):
            raise Killed
        return done

    around = workplace.surroundings()
    object.__setattr__(around, "transport", httpx2.MockTransport(lose))
    with pytest.raises(Killed):
        Signing(workplace.config, workplace.ticket, around).run()
    assert workplace.service.posted[0] == "i0"
    report = sign(workplace)
    assert report.error is None
    # Posted twice, the very same value; the service keeps the first. When the others went out is a matter of threads.
    assert sorted(workplace.service.posted) == ["i0", "i0", "i1", "i2"]
    assert len(workplace.devices.signed) == 3


def test_server_failing_then_resuming(workplace: Workplace) -> None:
    failing = True

    def fail(method: str, path: str) -> httpx2.Response | None:
        return httpx2.Response(500) if failing and path.endswith("/i1/value") else None

    workplace.service.before = fail
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.SERVER_FAILED
    assert report.error.resumable
    # The second waits; whether the third went out before the run ended is a matter of two threads.
    assert report.kept == len(workplace.service.posted)
    assert "i1" not in workplace.service.posted
    assert workplace.service.closed == []
    failing = False
    assert sign(workplace).error is None
    assert sorted(workplace.service.posted) == ["i0", "i1", "i2"]
    assert len(workplace.devices.signed) == 3


def test_one_failure_is_asked_again_in_the_same_run(workplace: Workplace) -> None:
    failures = ["once"]

    def fail(method: str, path: str) -> httpx2.Response | None:
        return httpx2.Response(503) if path.endswith("/i1/value") and failures and failures.pop() else None

    workplace.service.before = fail
    assert sign(workplace).error is None


def test_unreachable_server_says_so(workplace: Workplace) -> None:
    def unreachable(method: str, path: str) -> httpx2.Response | None:
        raise httpx2.ConnectError("no route")

    workplace.service.before = unreachable
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.SERVER_UNREACHABLE


def test_device_removed_between_two_signatures(workplace: Workplace) -> None:
    workplace.devices.remove_after = 1
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.DEVICE_REMOVED
    assert "1 of 3" in str(report.error)
    assert [item.state.value for item in report.items.values()] == ["kept", "unsigned", "unsigned"]
    assert workplace.service.closed == []
    workplace.devices.remove_after = None
    assert sign(workplace).error is None
    assert workplace.service.posted == ["i0", "i1", "i2"]


def test_expired_token_is_renewed_by_the_same_key(workplace: Workplace) -> None:
    workplace.devices.remove_after = 1
    sign(workplace)
    workplace.service.tokens.clear()
    workplace.devices.remove_after = None
    assert sign(workplace).error is None


def test_lapsed_lease_is_asked_for_again(workplace: Workplace) -> None:
    lapses = ["once"]

    def lapse(method: str, path: str) -> httpx2.Response | None:
        if path.endswith("/i1/value") and lapses:
            lapses.pop()
            return workplace.service.problem(409, "lease-lapsed")
        return None

    workplace.service.before = lapse
    report = sign(workplace)
    assert report.error is None
    assert sorted(workplace.service.posted) == ["i0", "i1", "i2"]
    manifests = [path for _, path, _ in workplace.service.requests if path.endswith("/manifest")]
    assert len(manifests) == 2


def test_manifest_that_expires_on_the_way_stops_the_signing(workplace: Workplace) -> None:
    """The clock passes the manifest's end after the checks: the rest is asked for again, never signed late."""
    real = workplace.service.now
    late = timedelta(0)

    def now() -> object:
        return real() + late

    workplace.service.now = now  # type: ignore[assignment]

    def jump(value: bytes) -> bytes:
        nonlocal late
        late = timedelta(minutes=6)
        return value

    workplace.devices.after = jump
    assert sign(workplace).error is None
    manifests = [path for _, path, _ in workplace.service.requests if path.endswith("/manifest")]
    assert len(manifests) >= 2


@pytest.mark.parametrize("embedded", [False, True])
def test_a_link_clicked_again_after_all_is_kept_is_done_already(workplace: Workplace, embedded: bool) -> None:
    """The first run forgot its key: the second one comes with another, and hears how the ceremony stands."""
    assert sign(workplace).kept == 3

    def completed(method: str, path: str) -> httpx2.Response | None:
        return workplace.service.problem(409, "ceremony-ended", state="completed") if embedded else None

    workplace.service.before = completed
    report = sign(workplace)
    assert report.error is None
    assert report.done_before
    assert len(workplace.devices.signed) == 3
    assert workplace.pins.asked == 1
    assert [path for path in workplace.config.spool.iterdir() if path.is_dir()] == []


def test_killed_when_all_was_kept_and_embedded_meanwhile(workplace: Workplace, tmp_path: Path) -> None:
    """The same key comes again, to a ceremony that is over."""
    folder, killed = workplace.config.spool / workplace.ticket.sha256, tmp_path / "as the power went"

    def keep(method: str, path: str) -> httpx2.Response | None:
        if path.endswith("/close"):
            shutil.copytree(folder, killed)
        return None

    def completed(method: str, path: str) -> httpx2.Response | None:
        ended = path.endswith("/manifest")
        return workplace.service.problem(409, "ceremony-ended", state="completed") if ended else None

    workplace.service.before = keep
    sign(workplace)
    shutil.copytree(killed, folder)
    workplace.service.before = completed
    report = sign(workplace)
    assert report.error is None
    assert report.done_before
    assert not folder.exists()


def test_a_link_clicked_again_after_the_sitting_was_given_up(workplace: Workplace) -> None:
    workplace.service.before = lambda *_: workplace.service.problem(409, "ceremony-ended", state="cancelled")
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.SESSION_ENDED
    assert not report.done_before


def test_second_agent_on_the_same_ticket_is_refused(workplace: Workplace) -> None:
    from hsm.agent.spool import Spool

    with Spool.open(workplace.config.spool, workplace.ticket.sha256):
        report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.BUSY
