"""`khatam-agent sign`: manifest, check, consent, device, signatures, spool; in this order, each before the next.

What a person can put right (a device, a PIN, the line) is waited for where he wants it; what was kept stays kept.
"""

from contextlib import ExitStack, closing

from hsm.agent.config import AgentConfig
from hsm.agent.consent import Phase
from hsm.agent.devices import Devices
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.report import ItemState, SigningReport
from hsm.agent.service.addresses import Ticket
from hsm.agent.service.dpop import EphemeralKey
from hsm.agent.service.heartbeat import heartbeat
from hsm.agent.service.server import Server, answers, require
from hsm.agent.service.sitting import Sitting, ephemeral_key
from hsm.agent.spool import Spool
from hsm.agent.surroundings import Surroundings, opened_devices
from hsm.prepared.errors import ManifestReason, ManifestRefused
from hsm.prepared.expectations import require_meant_for
from hsm.prepared.manifest import Manifest, verify_manifest
from hsm.prepared.match_code import match_code

from .checking import check_items
from .closed_list import ListSigning
from .course import Course
from .outbox import Outbox

__all__ = ["Signing", "Surroundings"]

MAX_ROUNDS, MAX_IDLE_ROUNDS = 100, 3
"""Lists asked for in one run; and in a row without a document kept: something is wrong that no other list mends."""
DONE_PROBLEMS = frozenset({"nothing-to-sign"})
MANIFEST_CODES = {
    ManifestReason.AGENT_TOO_OLD: AgentCode.AGENT_TOO_OLD,
    ManifestReason.NOT_YET_VALID: AgentCode.CLOCK,
    ManifestReason.OTHER_ANCHOR: AgentCode.ANCHOR,
}


class Signing:
    """One run at one ceremony. `run` blocks; a window calls it on a thread of its own."""

    def __init__(self, config: AgentConfig, ticket: Ticket, around: Surroundings) -> None:
        self._config = config
        self._ticket = ticket
        self._around = around
        self._course = Course(around)
        self._at_end = ExitStack()
        self._devices: Devices | None = None
        self._held_policy: str | None = None

    @property
    def report(self) -> SigningReport:
        """What is done so far."""
        return self._course.report

    def run(self) -> SigningReport:
        """Sign what the ceremony lists. What stops it is in the report, with what was kept until then."""
        try:
            with Spool.open(self._config.spool, self._ticket.sha256) as spool, self._at_end:
                self._run(spool)
        except AgentError as error:
            self.report.error = error
        self._course.tell(Phase.DONE)
        return self.report

    def _run(self, spool: Spool) -> None:
        self._course.tell(Phase.CONNECTING)
        key = ephemeral_key(spool)
        around = self._around
        server = Server(self._config.server, key, transport=around.transport, pause=around.pause, now=around.now)
        with closing(server):
            try:
                sitting = self._course.persist(lambda: self._sit_down(server, spool), lambda: answers(server))
                self.report.ceremony = sitting.session.subject
                with heartbeat(server, every_seconds=around.heartbeat_seconds):
                    self._rounds(key, server, sitting, Outbox(self._course, sitting, spool))
                self._require_all_kept()
            except AgentError as error:
                self._leave(server, spool, error)
                if self.report.items or not _is_done(error):
                    raise
            else:
                self._leave(server, spool, None)

    def _sit_down(self, server: Server, spool: Spool) -> Sitting:
        return Sitting(self._config, server, spool, self._ticket, kind="ceremony")

    def _require_all_kept(self) -> None:
        left = [f"{item.reference} ({item.reason})" for item in self.report.items.values() if item.reason]
        if left:
            kept, count = self.report.kept, len(self.report.items)
            raise AgentError(AgentCode.ITEMS, what=", ".join(left), kept=kept, count=count)

    def _leave(self, server: Server, spool: Spool, error: AgentError | None) -> None:
        """Say good-bye, unless the same run may go on later: then leases end by themselves."""
        if error is not None and (error.resumable or error.code in (AgentCode.TICKET, AgentCode.SERVER_ANSWER)):
            return
        if spool.values():
            return
        outcome = "completed" if error is None else error.code.value
        detail = "" if self._held_policy is None else f"PIN held: {self._held_policy}"
        try:
            server.ask("POST", "/v1/agent/close", json={"outcome": outcome, "detail": detail}, pauses=())
        except AgentError:
            return
        finally:
            spool.clear()

    def _rounds(self, key: EphemeralKey, server: Server, sitting: Sitting, outbox: Outbox) -> None:
        """Post what an interruption left, then sign; a list that lapses is asked for, shown and consented to again."""
        idle = 0
        for _ in range(MAX_ROUNDS):
            before = self.report.kept
            if self._course.persist(lambda: self._round(key, server, sitting, outbox), lambda: answers(server)):
                return
            idle = idle + 1 if self.report.kept == before else 0
            if idle == MAX_IDLE_ROUNDS:
                break
        raise AgentError(AgentCode.LAPSED)

    def _round(self, key: EphemeralKey, server: Server, sitting: Sitting, outbox: Outbox) -> bool:
        """One list. True: nothing is left to sign. False: it lapsed on the way."""
        outbox.post_all()
        jws = self._ask_manifest(sitting)
        if jws is None:
            return True
        manifest = self._accept(key, sitting, jws)
        items = check_items(server, manifest, self._around.now())
        if self._devices is None:
            self._devices = self._at_end.enter_context(opened_devices(self._around))
        one = ListSigning(self._config, self._around, self._course, manifest, items=items, devices=self._devices)
        one.ask(key, jws, sitting, outbox)
        try:
            return one.sign_all(server, outbox)
        finally:
            self._held_policy = one.held_policy or self._held_policy

    def _ask_manifest(self, sitting: Sitting) -> str | None:
        """The manifest as sent; None when nothing is left to sign."""
        answer = sitting.ask("GET", "/v1/agent/manifest")
        if answer.problem in DONE_PROBLEMS:
            return None
        if answer.problem == "ceremony-ended" and self.report.kept and not self.report.unsigned:
            return None
        return require(answer).text("manifest")

    def _accept(self, key: EphemeralKey, sitting: Sitting, jws: str) -> Manifest:
        try:
            manifest = verify_manifest(jws, self._config.anchor(), self._around.now())
            require_meant_for(manifest, manifest.ceremony, sitting.expected())
        except ManifestRefused as refused:
            code = MANIFEST_CODES.get(refused.reason, AgentCode.MANIFEST)
            raise AgentError(code, what=str(refused), reason=refused.reason.value) from refused
        self.report.match_code = match_code(manifest.ceremony, key.jkt, jws)
        self.report.signer = manifest.signer.name_latin
        for item in manifest.items:
            self.report.mark(item.id, item.reference, ItemState.UNSIGNED)
        self._course.tell(Phase.READING)
        return manifest


def _is_done(error: AgentError) -> bool:
    """The service has an answer for every document, from an earlier run: a link that was clicked again."""
    problem, state = error.fields.get("problem"), error.fields.get("state")
    return error.code is AgentCode.SESSION_ENDED and (
        problem in DONE_PROBLEMS or (problem, state) == ("ceremony-ended", "completed")
    )
