"""`khatam-agent sign`: manifest, check, consent, device, signatures, spool; in this order, each before the next."""

from contextlib import closing
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hsm.keys import verify
from hsm.prepared.attributes import signed_attributes
from hsm.prepared.errors import ManifestRefused
from hsm.prepared.expectations import require_meant_for
from hsm.prepared.manifest import Manifest, verify_manifest
from hsm.prepared.match_code import match_code

from .addresses import Ticket
from .checking import CheckedItem, check_items
from .config import AgentConfig
from .consent import ListedDocument, Phase, Progress, ShownCapacity, SigningRequest
from .devices import Chosen, DeviceKey, choose_device, pin_state, spoken
from .dpop import EphemeralKey
from .errors import AgentCode, AgentError
from .heartbeat import heartbeat
from .report import ItemState, SigningReport
from .server import UNAUTHORIZED, Server, require
from .sitting import Sitting, ephemeral_key, past
from .spool import Spool, SpooledValue
from .surroundings import Surroundings

__all__ = ["Signing", "Surroundings"]

MAX_ROUNDS = 20
LAPSED_PROBLEMS = frozenset({"lease-lapsed", "item-not-prepared"})
DONE_PROBLEMS = frozenset({"nothing-to-sign"})


class Signing:
    """One run at one ceremony."""

    def __init__(self, config: AgentConfig, ticket: Ticket, around: Surroundings) -> None:
        self._config = config
        self._ticket = ticket
        self._around = around
        self.report = SigningReport()

    def run(self) -> SigningReport:
        """Sign what the ceremony lists. What stops it is in the report, with what was kept until then."""
        try:
            with Spool.open(self._config.spool, self._ticket.sha256) as spool:
                self._run(spool)
        except AgentError as error:
            self.report.error = error
        return self.report

    def _run(self, spool: Spool) -> None:
        key = ephemeral_key(spool)
        around = self._around
        server = Server(self._config.server, key, transport=around.transport, pause=around.pause, now=around.now)
        with closing(server):
            try:
                sitting = Sitting(self._config, server, spool, self._ticket, kind="ceremony")
                self.report.ceremony = sitting.session.subject
                with heartbeat(server, every_seconds=around.heartbeat_seconds):
                    self._rounds(key, server, sitting, spool)
            except AgentError as error:
                self._leave(server, spool, error)
                raise
            self._leave(server, spool, None)
        self._require_all_kept()

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
        try:
            server.ask("POST", "/v1/agent/close", json={"outcome": outcome, "detail": ""}, pauses=())
        except AgentError:
            return
        finally:
            spool.clear()

    def _rounds(self, key: EphemeralKey, server: Server, sitting: Sitting, spool: Spool) -> None:
        """Post what an interruption left, then sign; a list that lapses is asked for, shown and consented to again."""
        for value in spool.values():
            self._post(sitting, spool, value)
        for _ in range(MAX_ROUNDS):
            jws = self._ask_manifest(sitting)
            if jws is None:
                return
            manifest = self._accept(key, sitting, jws)
            before = self.report.kept
            if self._sign_all(server, sitting, spool, manifest):
                return
            if self.report.kept == before:
                raise AgentError(AgentCode.LAPSED)
        raise AgentError(AgentCode.LAPSED)

    def _ask_manifest(self, sitting: Sitting) -> str | None:
        """The manifest as sent; None when nothing is left to sign."""
        answer = sitting.ask("GET", "/v1/agent/manifest")
        if answer.problem in DONE_PROBLEMS:
            return None
        if answer.problem == "ceremony-ended" and self.report.kept:
            return None
        return require(answer).text("manifest")

    def _accept(self, key: EphemeralKey, sitting: Sitting, jws: str) -> Manifest:
        try:
            manifest = verify_manifest(jws, self._config.anchor(), self._around.now())
            require_meant_for(manifest, manifest.ceremony, sitting.expected())
        except ManifestRefused as refused:
            raise AgentError(AgentCode.MANIFEST, what=str(refused), reason=refused.reason.value) from refused
        self.report.match_code = match_code(manifest.ceremony, key.jkt, jws)
        self.report.signer = manifest.signer.name_latin
        for item in manifest.items:
            self.report.mark(item.id, item.reference, ItemState.UNSIGNED)
        self._tell(Phase.READING)
        return manifest

    def _sign_all(self, server: Server, sitting: Sitting, spool: Spool, manifest: Manifest) -> bool:
        """Check, ask, sign. False when the list lapsed on the way and the rest must be asked for again."""
        around = self._around
        items = check_items(server, manifest, around.now())
        devices = around.devices()
        wanted = manifest.signer.name_latin
        with spoken(count=len(items), wanted=wanted):
            chosen = choose_device(devices, manifest.certificate_sha256, wanted)
        self.report.device = chosen.name
        around.consent.to_sign(self._request(manifest, chosen, items))
        with spoken(kept=self.report.kept, count=len(items), wanted=wanted):
            key = devices.key(chosen.ref, around.pins)
        self._require_key(key, chosen, manifest, len(items))
        for item in items:
            if past(manifest.expires_at, around.now()):
                return False
            value = self._sign(key, chosen, manifest, item)
            spool.put_value(value)
            self.report.mark(value.item, value.reference, ItemState.SPOOLED)
            if not self._post(sitting, spool, value):
                return False
        return True

    def _require_key(self, key: DeviceKey, chosen: Chosen, manifest: Manifest, count: int) -> None:
        certified = x509.load_der_x509_certificate(chosen.certificate).public_key()
        if key.public_key != certified:
            raise AgentError(AgentCode.KEY, wanted=manifest.signer.name_latin)
        if manifest.mechanism not in key.algorithms:
            raise AgentError(AgentCode.MECHANISM, mechanism=manifest.mechanism.value)
        if not key.always_authenticate:
            return
        if getattr(self._around.pins, "held", True) and self._config.held_pin_policy is None:
            raise AgentError(AgentCode.PIN_HELD)
        self._around.consent.to_pin_entries(count)

    def _sign(self, key: DeviceKey, chosen: Chosen, manifest: Manifest, item: CheckedItem) -> SpooledValue:
        """One signature over attributes that are built here, from the digest computed here."""
        attributes = signed_attributes(item.checked.digest, chosen.certificate)
        kept, count = self.report.kept, len(self.report.items)
        with spoken(kept=kept, count=count, wanted=manifest.signer.name_latin):
            value = key.sign(attributes, manifest.mechanism)
        public = key.public_key
        try:
            if not isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
                raise InvalidSignature
            verify(public, value, attributes, manifest.mechanism)
        except InvalidSignature as error:
            raise AgentError(AgentCode.VALUE, kept=kept, count=count) from error
        return SpooledValue(
            ceremony=manifest.ceremony,
            item=item.item.id,
            reference=item.item.reference,
            attributes=attributes,
            value=value,
            algorithm=manifest.mechanism,
        )

    def _post(self, sitting: Sitting, spool: Spool, value: SpooledValue) -> bool:
        """Post a value; forget it once the service has it or will never take it. False: prepare and ask again."""
        # THREAT: the PC stops between signature and acknowledgement: a value is lost, or signed for a second time.
        # DEFENCE: spooled through to the disk before it is posted, keyed alike on both sides, dropped when answered.
        # TEST: tests/hsm/agent/test_resumption.py::test_killed_between_signature_and_post
        answer = sitting.ask("POST", f"/v1/agent/items/{value.item}/value", json=value.body())
        if answer.problem is None:
            spool.drop_value(value)
            self.report.mark(value.item, value.reference, ItemState.KEPT)
            self._tell(Phase.SENDING, value.item)
            return True
        if answer.status == UNAUTHORIZED:
            raise AgentError(AgentCode.SESSION_ENDED, problem=answer.problem)
        spool.drop_value(value)
        if answer.problem in LAPSED_PROBLEMS:
            self.report.mark(value.item, value.reference, ItemState.UNSIGNED, answer.problem)
            return False
        self.report.mark(value.item, value.reference, ItemState.REFUSED, answer.problem)
        self._tell(Phase.SENDING, value.item)
        return True

    def _tell(self, phase: Phase, item: str | None = None) -> None:
        report = self.report
        found = None if item is None else report.items[item]
        self._around.progress(Progress(phase=phase, done=report.kept, count=len(report.items), item=found))

    def _request(self, manifest: Manifest, chosen: Chosen, items: list[CheckedItem]) -> SigningRequest:
        capacity = manifest.capacity
        return SigningRequest(
            environment=manifest.environment.value,
            origin=manifest.origin,
            requester=self._config.requester or urlsplit(manifest.origin).netloc,
            match_code=self.report.match_code or "",
            signer_ar=manifest.signer.name_ar,
            signer_latin=manifest.signer.name_latin,
            capacity=ShownCapacity(
                function=capacity.function,
                body_code=capacity.body_code,
                body_fr=capacity.body_fr,
                body_ar=capacity.body_ar,
            ),
            device=chosen.name,
            pin_state=pin_state(chosen.device),
            protected_path=chosen.device.protected_path,
            pin_entries=None,
            held_policy=self._config.held_pin_policy,
            documents=tuple(
                ListedDocument(
                    id=each.item.id,
                    reference=each.item.reference,
                    kind=each.item.kind,
                    title=each.item.title,
                    beneficiary=None,
                    base_sha256=each.item.base_sha256,
                    prepared_sha256=each.item.prepared_sha256,
                    content=each.prepared,
                )
                for each in items
            ),
            already_kept=self.report.kept,
        )
