"""The service as the agent sees it: its own origin, every request proved by the ephemeral key."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx2

from hsm.agent import VERSION
from hsm.agent.errors import AgentCode, AgentError

from .addresses import Ticket
from .dpop import EphemeralKey
from .refusals import refusal_of

MAX_BODY_BYTES = 210 * 1024 * 1024
PAUSES_SECONDS = (0.3, 1.0, 3.0)
TIMEOUT = httpx2.Timeout(60.0, connect=10.0)
OK, CREATED, ACCEPTED, NO_CONTENT, ERRORS, UNAUTHORIZED, SERVER_ERRORS = 200, 201, 202, 204, 400, 401, 500
JSON, PDF, PROBLEM_JSON = "application/json", "application/pdf", "application/problem+json"
PROBLEM_TYPE = "urn:khatam:problem:"
LATER_PROBLEMS = frozenset({"too-many-requests", "request-timeout", "request-in-progress"})
TICKET_PROBLEMS = frozenset({"ticket-unknown", "ticket-expired", "ticket-stolen"})
ENDED_PROBLEMS = frozenset({"ceremony-ended", "nothing-to-sign", "agent-session-refused", "ceremony-unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a redeemed ticket gives. `access_token` is bound to the ephemeral key."""

    access_token: str
    kind: str
    subject: str

    def __repr__(self) -> str:
        return f"Session(kind={self.kind!r}, subject={self.subject!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A finished answer of the service's own, below 500. `problem` is its code when it is a problem."""

    status: int
    media_type: str
    content: bytes
    document: dict[str, object]
    """The JSON object; empty for any other content."""

    @property
    def problem(self) -> str | None:
        """The problem's code; None for a success."""
        return str(self.document.get("code")) if self.status >= ERRORS else None

    @property
    def is_own(self) -> bool:
        """Whether it has the form in which this service answers; what it says is for who asked to check."""
        if self.status >= ERRORS:
            is_problem = self.media_type == PROBLEM_JSON
            return is_problem and self.document.get("type") == f"{PROBLEM_TYPE}{self.document.get('code')}"
        if self.status == NO_CONTENT:
            return not self.content
        says_something = self.media_type == PDF or (self.media_type == JSON and bool(self.document))
        return self.status in (OK, CREATED, ACCEPTED) and says_something

    def text(self, name: str) -> str:
        """A text of the answer."""
        value = self.document.get(name)
        if not isinstance(value, str):
            raise AgentError(AgentCode.SERVER_ANSWER, what=f"no {name}")
        return value

    def binary(self, name: str) -> bytes:
        """Standard base64 of the answer."""
        try:
            return base64.b64decode(self.text(name), validate=True)
        except ValueError as error:
            raise AgentError(AgentCode.SERVER_ANSWER, what=f"{name} is not base64") from error


class Server:
    """The client of one run. Safe for two threads (the heartbeat has its own)."""

    def __init__(
        self,
        origin: str,
        key: EphemeralKey,
        *,
        transport: httpx2.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.origin = origin
        self._key = key
        self._pause = pause
        self._now = now
        self._access_token: str | None = None
        # THREAT: somebody on the line stands in for the service, and is handed the ticket.
        # DEFENCE: TLS with this system's authorities, name and dates, before the first byte of a request; the
        #   environment's proxies and certificate files are not this PC's configuration and are not read.
        # TEST: tests/hsm/agent/service/test_server.py::test_a_false_server_hears_no_ticket
        self._client = httpx2.Client(
            base_url=origin, transport=transport, timeout=TIMEOUT, follow_redirects=False, trust_env=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def bind(self, session: Session) -> None:
        """Use that session's token from now on."""
        self._access_token = session.access_token

    def redeem(self, ticket: Ticket, agent_nonce: str) -> Session:
        """Redeem the ticket; the same key may do so again.

        :raise AgentError: `TICKET` when it is refused.
        """
        self._access_token = None
        body = {"ticket": ticket.reveal(), "agent_nonce": agent_nonce, "agent_version": VERSION}
        answer = self.ask("POST", "/v1/agent/sessions", json=body)
        if answer.problem in TICKET_PROBLEMS:
            raise AgentError(AgentCode.TICKET, problem=answer.problem, what=answer.document.get("detail", ""))
        require(answer, status=CREATED)
        if answer.text("token_type") != "DPoP":
            raise AgentError(AgentCode.SERVER_ANSWER, what="the token is not bound to this agent")
        session = Session(
            access_token=answer.text("access_token"), kind=answer.text("kind"), subject=answer.text("subject")
        )
        self.bind(session)
        return session

    def ask(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        idempotency_key: str | None = None,
        pauses: tuple[float, ...] = PAUSES_SECONDS,
    ) -> Answer:
        """One request, asked again after a pause when the service fails, is too busy or does not answer.

        Every request of the agent may be asked twice: values and requests are keyed on the other side.

        :raise AgentError: `SERVER_UNREACHABLE`, `SERVER_FAILED`: nobody knows whether it was done.
        """
        failure = AgentError(AgentCode.SERVER_UNREACHABLE)
        for pause in (*pauses, None):
            try:
                answer = self._once(method, path, json, idempotency_key)
            except httpx2.HTTPError as error:
                failure = AgentError(AgentCode.SERVER_UNREACHABLE)
                failure.__cause__ = error
            else:
                # THREAT: a sign-in page, a proxy or a filter answers in the service's place: what it says is taken for
                #   an acknowledgement, and the only copy of a signature value is erased.
                # DEFENCE: only an answer in this service's own form is one: its JSON, its PDF, its problems by type;
                #   anything else, a redirection too, is a failure to be asked again.
                # TEST: tests/hsm/agent/signing/test_interruptions.py::test_an_answer_of_another_erases_no_value
                is_answer = answer.status < SERVER_ERRORS and answer.is_own and answer.problem not in LATER_PROBLEMS
                if is_answer:
                    return answer
                failure = failed(answer)
            if pause is not None:
                self._pause(pause)
        raise failure

    def _once(self, method: str, path: str, json: object, idempotency_key: str | None) -> Answer:
        token = self._access_token
        proof = self._key.proof(method=method, url=f"{self.origin}{path}", at=self._now(), access_token=token)
        headers = {"DPoP": proof, "Accept": "application/json, application/pdf, application/problem+json"}
        if token is not None:
            headers["Authorization"] = f"DPoP {token}"
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        with self._client.stream(method, path, json=json, headers=headers) as response:
            content = bytearray()
            for piece in response.iter_bytes():
                content += piece
                if len(content) > MAX_BODY_BYTES:
                    raise AgentError(AgentCode.SERVER_ANSWER, what="too long")
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Answer(
            status=response.status_code,
            media_type=media_type,
            content=bytes(content),
            document=_read_json(bytes(content)) if media_type in (JSON, PROBLEM_JSON) else {},
        )


def failed(answer: Answer) -> AgentError:
    """The error of an answer that settles nothing: whether it was done is not known, it may be asked again."""
    return AgentError(AgentCode.SERVER_FAILED, status=answer.status, problem=answer.problem if answer.is_own else None)


def answers(server: Server) -> bool:
    """Whether the service answers at all; what it answers matters later."""
    try:
        server.ask("POST", "/v1/agent/heartbeat", pauses=())
    except AgentError:
        return False
    return True


def require(answer: Answer, *, status: int | None = None) -> Answer:
    """The answer, if it is a success.

    :param status: the one success that this door has; None: any.
    :raise AgentError: the refusal's own code (`refusals`), else `SESSION_ENDED` or `SERVER_REFUSED`; `SERVER_FAILED`
        for another success than the door's.
    """
    if answer.problem is None:
        if status not in (None, answer.status):
            raise failed(answer)
        return answer
    stopping = refusal_of(answer.problem, answer.document)
    if stopping is not None:
        raise stopping
    if answer.problem in ENDED_PROBLEMS:
        raise AgentError(AgentCode.SESSION_ENDED, problem=answer.problem, state=answer.document.get("state", ""))
    raise AgentError(AgentCode.SERVER_REFUSED, problem=answer.problem, what=answer.document.get("detail", ""))


def _read_json(content: bytes) -> dict[str, object]:
    import json

    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
