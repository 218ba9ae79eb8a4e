"""One sitting of the agent at one ticket: its key, its session, its way back after an interruption."""

import json
import secrets
from datetime import datetime

from hsm.agent import VERSION
from hsm.agent.config import AgentConfig
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.spool import Spool
from hsm.prepared.expectations import Expected
from hsm.prepared.manifest import Environment

from .addresses import Ticket
from .dpop import EphemeralKey, base64url
from .server import UNAUTHORIZED, Answer, Server, Session

KEY_FILE, SESSION_FILE, NONCE_FILE = "key.pem", "session.json", "nonce"
NONCE_BYTES = 32


def ephemeral_key(spool: Spool) -> EphemeralKey:
    """The key of this ticket's run: the one in the spool after an interruption, else a fresh one, kept there."""
    kept = spool.get(KEY_FILE)
    if kept is not None:
        try:
            return EphemeralKey.from_pem(kept)
        except ValueError as error:
            raise AgentError(AgentCode.SPOOL, what="its key cannot be read") from error
    key = EphemeralKey.generate()
    spool.put(KEY_FILE, key.to_pem())
    return key


class Sitting:
    """The session of one ticket. Redeems at the first need, and again (same key) when the service asks for it."""

    def __init__(self, config: AgentConfig, server: Server, spool: Spool, ticket: Ticket, *, kind: str) -> None:
        self._config = config
        self._server = server
        self._spool = spool
        self._ticket = ticket
        self._kind = kind
        self.agent_nonce = self._nonce()
        self.session = self._kept_session() or self._redeem()
        server.bind(self.session)

    def _nonce(self) -> str:
        kept = self._spool.get(NONCE_FILE)
        if kept is not None:
            return kept.decode("ascii")
        nonce = base64url(secrets.token_bytes(NONCE_BYTES))
        self._spool.put(NONCE_FILE, nonce.encode("ascii"))
        return nonce

    def _kept_session(self) -> Session | None:
        kept = self._spool.get(SESSION_FILE)
        if kept is None:
            return None
        try:
            plain = json.loads(kept)
            return Session(access_token=plain["access_token"], kind=plain["kind"], subject=plain["subject"])
        except (ValueError, KeyError, TypeError) as error:
            raise AgentError(AgentCode.SPOOL, what="its session cannot be read") from error

    def _redeem(self) -> Session:
        session = self._server.redeem(self._ticket, self.agent_nonce)
        if session.kind != self._kind:
            raise AgentError(AgentCode.ARGUMENT, what=f"This ticket is for {session.kind}, not for {self._kind}")
        kept = {"access_token": session.access_token, "kind": session.kind, "subject": session.subject}
        self._spool.put(SESSION_FILE, json.dumps(kept).encode())
        return session

    def ask(self, method: str, path: str, *, json: object = None, idempotency_key: str | None = None) -> Answer:
        """A request of this session; its token is renewed once when the service no longer takes it."""
        answer = self._server.ask(method, path, json=json, idempotency_key=idempotency_key)
        if answer.status == UNAUTHORIZED:
            self.session = self._redeem()
            answer = self._server.ask(method, path, json=json, idempotency_key=idempotency_key)
        return answer

    def expected(self) -> Expected:
        """What a manifest must repeat."""
        return Expected(
            environment=Environment(self._config.environment),
            origin=self._config.server,
            ticket_sha256=self._ticket.sha256,
            agent_nonce=self.agent_nonce,
            agent_version=VERSION,
            subject=self.session.subject,
        )


def past(expires_at: datetime, now: datetime) -> bool:
    """Whether a manifest may no longer be followed."""
    return now >= expires_at
