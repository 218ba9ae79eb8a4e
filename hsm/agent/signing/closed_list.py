"""One list: shown, said yes to, signed from its beginning; each interruption goes on where it stopped."""

from contextlib import AbstractContextManager
from dataclasses import replace
from urllib.parse import urlsplit

from hsm.agent.certificates import named, require_for_signing
from hsm.agent.config import AgentConfig
from hsm.agent.consent import InterruptionKind, ListedDocument, Phase, ShownCapacity, ShownPower, SigningRequest
from hsm.agent.devices import Chosen, Devices, choose_device, pin_state, spoken
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.memory import Memory
from hsm.agent.presence import watched
from hsm.agent.service.dpop import EphemeralKey
from hsm.agent.service.server import NO_CONTENT, Server, answers, require
from hsm.agent.service.sitting import Sitting, past
from hsm.agent.spool import SpooledValue
from hsm.agent.surroundings import Surroundings
from hsm.prepared.manifest import Manifest

from .checking import CheckedItem
from .course import Course
from .opened_key import OpenedKey
from .outbox import Outbox
from .posting import Poster
from .receipt import display_receipt
from .waiting import KINDS

_SAID_OF_A_REMOVAL = frozenset({AgentCode.DEVICE, AgentCode.PIN_NEEDED, AgentCode.KEY})
"""What a driver may say in the middle of a list although its device is only pulled out."""


class ListSigning:
    """One manifest's documents, all checked before."""

    def __init__(
        self,
        config: AgentConfig,
        around: Surroundings,
        course: Course,
        manifest: Manifest,
        *,
        items: list[CheckedItem],
        devices: Devices,
    ) -> None:
        self._config = config
        self._around = around
        self._course = course
        self._manifest = manifest
        self._items = items
        self._devices = devices
        self._memory = Memory(config.spool)
        self._left = list(items)
        self._signed = 0
        self._entries_told = False
        self.held_policy: str | None = None
        """The document under which a PIN is held for this list; None: none is, or it is not known yet."""

    def ask(self, key: EphemeralKey, jws: str, sitting: Sitting, outbox: Outbox) -> None:
        """Find the device, show the list, wait for the yes, send the display receipt. No PIN was asked then.

        :param jws: the manifest as received.
        """
        chosen = self._course.persist(self._choose, self._device_is_back)
        opened = self._opened(chosen)
        shown_at = self._around.now()
        self._course.tell(Phase.ASKING)
        with watched(self._devices, chosen.device) as present:
            yes = self._around.consent.to_sign(replace(self._request(chosen, opened), present=present))
        if not 1 <= yes.count <= len(self._items):
            raise AgentError(AgentCode.CONSENT)
        self._left = self._items[: yes.count]
        self._entries_told = opened.pin_entries(yes.count) is not None
        self.held_policy = opened.held_policy
        receipt = display_receipt(
            key,
            self._manifest,
            jws,
            yes,
            shown_at=shown_at,
            said_at=self._around.now(),
            held_policy=self.held_policy,
        )

        def send() -> None:
            require(sitting.ask("POST", "/v1/agent/receipt", json={"receipt": receipt}), status=NO_CONTENT)

        outbox.send_receipt = send

    def sign_all(self, server: Server, outbox: Outbox) -> bool:
        """Sign, spool, post. False when the list lapsed on the way and the rest must be asked for again.

        :raise AgentError: `STOPPED` when less than the whole list was wanted; or what stopped it.
        """
        send_receipt = outbox.send_receipt
        assert send_receipt is not None
        self._course.persist(send_receipt, lambda: answers(server))
        while True:
            try:
                if not self._pass(outbox):
                    return False
                break
            except AgentError as error:
                of_server = KINDS.get(error.code) is InterruptionKind.SERVER
                self._course.wait(error, (lambda: answers(server)) if of_server else self._device_is_back)
        left = len(self._items) - self._signed
        if left:
            kept, count = self._course.report.kept, len(self._course.report.items)
            raise AgentError(AgentCode.STOPPED, kept=kept, count=count, left=left)
        return True

    def _pass(self, outbox: Outbox) -> bool:
        """Sign what is left until the end or an interruption. False: the list lapsed."""
        if not outbox.post_all():
            return False
        if not self._left:
            return True
        opened = self._opened(self._choose())
        try:
            self._open(opened)
            with Poster(outbox.post) as poster:
                is_current = self._sign_left(opened, outbox, poster)
                poster.drain()
            return is_current and not poster.lapsed
        finally:
            opened.close()

    def _sign_left(self, opened: OpenedKey, outbox: Outbox, poster: Poster) -> bool:
        """Sign one after the other; the values leave meanwhile. False: the list is no longer current."""
        while self._left and not poster.lapsed:
            if past(self._manifest.expires_at, self._around.now()):
                return False
            if self._signed and self._around.consent.stop_wanted():
                self._left.clear()
                break
            value = self._sign(opened, self._left[0])
            outbox.keep(value)
            self._left.pop(0)
            self._signed += 1
            poster.send(value)
        return True

    def _open(self, opened: OpenedKey) -> None:
        self._course.tell(Phase.OPENING)
        with self._spoken():
            opened.open()
        if opened.asks_each and not self._entries_told:
            count = self._around.consent.to_pin_entries(len(self._left))
            if not 1 <= count <= len(self._left):
                raise AgentError(AgentCode.CONSENT)
            self._left = self._left[:count]
        self._entries_told = True
        self.held_policy = opened.held_policy

    def _sign(self, opened: OpenedKey, item: CheckedItem) -> SpooledValue:
        self._course.tell(Phase.SIGNING, item=item.item.id, pin_entry=self._signed + 1 if opened.asks_each else None)
        report = self._course.report
        try:
            with self._spoken():
                return opened.sign(item, kept=report.kept, count=len(report.items))
        except AgentError as error:
            if error.code in _SAID_OF_A_REMOVAL and self._is_gone():
                raise AgentError(AgentCode.DEVICE_REMOVED, kept=report.kept, count=len(report.items)) from error
            if error.code is AgentCode.DEVICE:
                opened.doubt()
            raise

    def _choose(self) -> Chosen:
        """The device, its PIN state as of now, with a certificate that a person may sign with today."""
        wanted = self._manifest.signer.name_latin
        with self._spoken():
            chosen = choose_device(self._devices, self._manifest.certificate_sha256, wanted)
        require_for_signing(chosen.certificate, wanted=wanted, at=self._around.now())
        self._course.report.device = chosen.name
        return chosen

    def _device_is_back(self) -> bool:
        choose_device(self._devices, self._manifest.certificate_sha256, self._manifest.signer.name_latin)
        return True

    def _is_gone(self) -> bool:
        try:
            return not self._device_is_back()
        except AgentError as error:
            return error.code in KINDS

    def _opened(self, chosen: Chosen) -> OpenedKey:
        return OpenedKey(
            self._config,
            self._devices,
            chosen,
            self._manifest,
            self._memory,
            pins=self._around.pins,
            now=self._around.now,
        )

    def _spoken(self) -> AbstractContextManager[None]:
        report = self._course.report
        return spoken(kept=report.kept, count=len(report.items), wanted=self._manifest.signer.name_latin)

    def _request(self, chosen: Chosen, opened: OpenedKey) -> SigningRequest:
        manifest = self._manifest
        capacity = manifest.capacity
        return SigningRequest(
            environment=manifest.environment.value,
            origin=manifest.origin,
            requester=self._config.requester or urlsplit(manifest.origin).netloc,
            match_code=self._course.report.match_code or "",
            signer_ar=manifest.signer.name_ar,
            signer_latin=named(chosen.certificate, manifest.signer.name_latin),
            capacity=ShownCapacity(
                function=capacity.function,
                body_code=capacity.body_code,
                body_fr=capacity.body_fr,
                body_ar=capacity.body_ar,
                power=None
                if capacity.power is None
                else ShownPower(
                    kind=capacity.power.kind,
                    number=capacity.power.number,
                    since=capacity.power.since,
                    principal=capacity.power.principal,
                ),
            ),
            device=chosen.name,
            pin_state=pin_state(chosen.device),
            protected_path=chosen.device.protected_path,
            pin_entries=opened.pin_entries(len(self._items)),
            held_policy=opened.held_policy,
            documents=tuple(_listed(each) for each in self._items),
            already_kept=self._course.report.kept,
        )


def _listed(each: CheckedItem) -> ListedDocument:
    return ListedDocument(
        id=each.item.id,
        reference=each.item.reference,
        kind=each.item.kind,
        title=each.said.title or each.item.title,
        beneficiary=each.said.beneficiary,
        base_sha256=each.item.base_sha256,
        prepared_sha256=each.item.prepared_sha256,
        content=each.prepared,
    )
