"""Who says yes."""

import dataclasses
import io

import pytest

from hsm.agent.consent import EnrolmentRequest, ListedDocument, SigningRequest, TerminalConsent
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.unattended import Unattended

REQUEST = SigningRequest(
    environment="rehearsal",
    origin="http://127.0.0.1",
    match_code="4719",
    signer="Ahmed EL ALAOUI",
    capacity="president of Commune",
    device="president (1)",
    documents=(ListedDocument(reference="L26-0000123", kind="licence", title="Permis", pages_sha256="0" * 64),),
    pin_warning="A wrong PIN was entered recently.",
    last_try=False,
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
    TerminalConsent(ask=lambda _: "1", out=out).to_sign(REQUEST)
    for text in ("4719", "L26-0000123", "Ahmed EL ALAOUI", "president (1)", "wrong PIN"):
        assert text in out.getvalue()
    typed("YES").to_enrol(ENROLMENT)
    typed("3").to_pin_entries(3)
    typed("LAST TRY").to_last_try("device")


@pytest.mark.parametrize("answer", ["", "y", "yes", "2", "last try"])
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
