"""What may start the agent."""

import pickle

import pytest

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.service.addresses import Ticket, read_url

TICKET = "A-z_9" * 8 + "abc"


def test_the_one_form_is_read() -> None:
    assert read_url(f"khatam://ceremony/{TICKET}").reveal() == TICKET


@pytest.mark.parametrize(
    "url",
    [
        "",
        f"khatam://login/{TICKET}",
        f"khatam://ceremony/{TICKET}x",
        f"khatam://ceremony/{TICKET[:-1]}",
        f"khatam://ceremony/{TICKET}\n",
        f"khatam://ceremony/{TICKET}/",
        f"khatam://ceremony/{TICKET}?server=http://elsewhere",
        f"KHATAM://ceremony/{TICKET}",
        f"khatam://enrolment/{TICKET}",
        f"https://ceremony/{TICKET}",
        f" khatam://ceremony/{TICKET}",
        f"khatam://ceremony/{TICKET} --unattended",
        f"khatam://ceremony/{'é' * 43}",
        f"khatam://ceremony/{'٣' * 43}",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(AgentError) as refused:
        read_url(url)
    assert refused.value.code is AgentCode.ARGUMENT


def test_ticket_is_masked() -> None:
    ticket = Ticket(TICKET)
    assert TICKET not in f"{ticket} {ticket!r}"
    with pytest.raises(TypeError):
        pickle.dumps(ticket)
