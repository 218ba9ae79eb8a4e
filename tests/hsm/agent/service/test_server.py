"""Who is not the service hears no ticket; what is not its answer is none."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.service.addresses import Ticket
from hsm.agent.service.dpop import EphemeralKey
from hsm.agent.service.server import Server
from tests.hsm.agent.tls import SESSION, Service, tls_sides

TICKET = Ticket("t" * 43)


def redeem(origin: str, transport: httpx2.BaseTransport | None) -> str:
    """The subject of the session that a server at `origin` gives for the ticket."""
    with closing(Server(origin, EphemeralKey.generate(), transport=transport, pause=lambda _: None)) as server:
        return server.redeem(TICKET, "n" * 43).subject


@pytest.mark.parametrize(
    ("days", "address", "trusted"),
    [(40, "127.0.0.1", False), (40, "127.0.0.2", True), (-2, "127.0.0.1", True)],
    ids=["untrusted", "another name", "expired"],
)
def test_a_false_server_hears_no_ticket(tmp_path: Path, days: int, address: str, trusted: bool) -> None:
    side, trusting = tls_sides(tmp_path, datetime.now(UTC) + timedelta(days=days), address=address)
    service = Service()
    # Without a transport of its own it is the client as it runs: this system's authorities, no environment.
    transport = httpx2.HTTPTransport(verify=trusting, trust_env=False) if trusted else None
    with service.served(side) as origin:
        with pytest.raises(AgentError) as refused:
            redeem(origin, transport)
        assert refused.value.code is AgentCode.SERVER_UNREACHABLE
        assert "certificate" in str(refused.value.__cause__).lower()
        assert service.heard == []


def test_the_authorities_of_the_environment_are_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    side, _ = tls_sides(tmp_path, datetime.now(UTC) + timedelta(days=40))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    service = Service()
    with service.served(side) as origin, pytest.raises(AgentError):
        redeem(origin, None)
    assert service.heard == []


def test_a_trusted_one_hears_it(tmp_path: Path) -> None:
    """The control: the same server, its certificate trusted, in time and of that name."""
    side, trusting = tls_sides(tmp_path, datetime.now(UTC) + timedelta(days=40))
    service = Service()
    with service.served(side) as origin:
        assert redeem(origin, httpx2.HTTPTransport(verify=trusting, trust_env=False)) == SESSION["subject"]
    assert TICKET.reveal().encode() in service.heard[1]
