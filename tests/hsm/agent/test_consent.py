"""Who says yes."""

import dataclasses
import io

import pytest

from hsm.agent.consent import (
    EnrolmentRequest,
    Interruption,
    InterruptionKind,
    ListedDocument,
    PinState,
    ShownCapacity,
    SigningRequest,
)
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.terminal import TerminalConsent, wait_for
from hsm.agent.unattended import Unattended

REQUEST = SigningRequest(
    environment="rehearsal",
    origin="http://127.0.0.1",
    requester="Rokhas.ma",
    match_code="4719",
    signer_ar="أحمد العلوي",
    signer_latin="Ahmed EL ALAOUI",
    capacity=ShownCapacity(function="president", body_code="C1", body_fr="Commune", body_ar="جماعة"),
    device="president (1)",
    pin_state=PinState.LOW,
    protected_path=False,
    pin_entries=2,
    held_policy=None,
    documents=(
        ListedDocument(
            id="i1",
            reference="L26-0000123",
            kind="licence",
            title="Permis",
            beneficiary="M. A.",
            base_sha256="0" * 64,
            prepared_sha256="1" * 64,
            content=b"%PDF",
        ),
    ),
    already_kept=0,
)
ENROLMENT = EnrolmentRequest(
    environment="rehearsal", origin="o", holder="h", device="d", key_kind="ec-p256", purposes=("signature",)
)


@pytest.mark.parametrize("environment", ["production", "", "Rehearsal", "rehearsal "])
def test_unattended_refuses_production(environment: str) -> None:
    Unattended().to_sign(REQUEST)
    Unattended().to_enrol(ENROLMENT)
    with pytest.raises(AgentError) as refused:
        Unattended().to_sign(dataclasses.replace(REQUEST, environment=environment))
    assert refused.value.code is AgentCode.ENVIRONMENT
    with pytest.raises(AgentError):
        Unattended().to_enrol(dataclasses.replace(ENROLMENT, environment=environment))


def test_unattended_never_burns_the_last_try() -> None:
    with pytest.raises(AgentError) as refused:
        Unattended().to_last_try("device")
    assert refused.value.code is AgentCode.PIN_LAST_TRY


def typed(answer: str) -> TerminalConsent:
    return TerminalConsent(ask=lambda _: answer, out=io.StringIO())


def test_terminal_shows_all_and_takes_one_word() -> None:
    out = io.StringIO()
    yes = TerminalConsent(ask=lambda _: "1", out=out).to_sign(REQUEST)
    assert (yes.count, yes.opened, yes.language) == (1, frozenset(), "en")
    for text in ("Rokhas.ma", "4719", "L26-0000123", "M. A.", "Ahmed EL ALAOUI", "president of Commune"):
        assert text in out.getvalue()
    for text in ("president (1)", "wrong PIN", "asked 2 times"):
        assert text in out.getvalue()
    typed("YES").to_enrol(ENROLMENT)
    assert typed("3").to_pin_entries(3) == 3
    assert typed("2").to_pin_entries(3) == 2
    typed("LAST TRY").to_last_try("device")


@pytest.mark.parametrize("answer", ["", "y", "yes", "0", "4", "-1", "²", "last try"])
def test_any_other_word_is_no(answer: str) -> None:
    consent = typed(answer)
    for asked in (
        lambda: consent.to_sign(REQUEST),
        lambda: consent.to_enrol(ENROLMENT),
        lambda: consent.to_pin_entries(3),
        lambda: consent.to_last_try("device"),
    ):
        with pytest.raises(AgentError):
            asked()


def test_no_terminal_is_no() -> None:
    def gone(_: str) -> str:
        raise EOFError

    with pytest.raises(AgentError):
        TerminalConsent(ask=gone, out=io.StringIO()).to_sign(REQUEST)


def interruption(kind: InterruptionKind, over: list[bool]) -> Interruption:
    error = AgentError(AgentCode.DEVICE_REMOVED, kept=1, count=3)
    return Interruption(kind=kind, error=error, kept=1, count=3, over=lambda: over.pop(0) if over else True)


def test_terminal_leaves_unless_told_to_wait() -> None:
    with pytest.raises(AgentError) as left:
        typed("").to_wait(interruption(InterruptionKind.DEVICE_REMOVED, []))
    assert left.value.code is AgentCode.DEVICE_REMOVED


def test_waiting_ends_with_the_cause_or_with_the_time() -> None:
    clock = iter(range(100))
    paused: list[float] = []
    wait_for(
        interruption(InterruptionKind.SERVER, [False, False, True]), 50, clock=lambda: next(clock), pause=paused.append
    )
    assert len(paused) == 2
    never = interruption(InterruptionKind.SERVER, [False] * 100)
    with pytest.raises(AgentError):
        wait_for(never, 5, clock=lambda: next(clock), pause=paused.append)


def test_a_refused_pin_is_not_waited_for() -> None:
    """Trying again by itself would burn the device's tries."""
    with pytest.raises(AgentError):
        wait_for(interruption(InterruptionKind.PIN_REFUSED, []), 50, pause=lambda _: None)
