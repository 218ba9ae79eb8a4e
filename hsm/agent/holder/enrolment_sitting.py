"""What the three roads have in common: the ticket redeemed, the order's manifest checked, the holder's key proved."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from hsm.agent.config import AgentConfig
from hsm.agent.devices import DeviceKey
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.report import error_json
from hsm.agent.service.addresses import Ticket
from hsm.agent.service.server import Answer, Server, require
from hsm.agent.service.sitting import Sitting, ephemeral_key
from hsm.agent.spool import Spool
from hsm.agent.surroundings import Surroundings
from hsm.keys import default_algorithm
from hsm.prepared import instants
from hsm.prepared.authentication import Purpose, authentication_message
from hsm.prepared.enrolment import EnrolmentManifest, Road, verify_enrolment_manifest
from hsm.prepared.errors import ManifestRefused
from hsm.prepared.expectations import require_meant_for

COMMANDS = {
    Road.SELF_MADE: "khatam-agent enrol TICKET --device LABEL",
    Road.SUPPLIED: "khatam-agent present TICKET",
    Road.UNLOCK: "khatam-agent unlock TICKET --device LABEL",
}


@dataclass(slots=True, kw_only=True)
class EnrolmentReport:
    """One run at one order. `certificates` are SHA-256 by purpose, once they are in the device."""

    order: str | None = None
    holder: str | None = None
    device: str | None = None
    digest: str | None = None
    state: str | None = None
    """The order's state, as the service answered last."""
    certificates: dict[str, str] = field(default_factory=dict)
    error: AgentError | None = None

    def to_json(self) -> dict[str, object]:
        """JSON-safe; holds no PIN, key, token or ticket."""
        return {
            "order": self.order,
            "holder": self.holder,
            "device": self.device,
            "digest": self.digest,
            "state": self.state,
            "certificates": self.certificates,
            "error": error_json(self.error),
        }


class EnrolmentSitting:
    """A redeemed enrolment ticket and its manifest. `spool` is the order's own: another ticket finds it again."""

    def __init__(self, config: AgentConfig, sitting: Sitting, spool: Spool, manifest: EnrolmentManifest) -> None:
        self._config = config
        self._sitting = sitting
        self.spool = spool
        self.manifest = manifest

    def get(self, what: str) -> Answer:
        """A question at this order's door."""
        return require(self._sitting.ask("GET", f"/v1/agent/enrolment/{what}"))

    def post(self, what: str, body: dict[str, object], *, idempotency_key: str | None = None) -> Answer:
        """An act at this order's door; safe to do twice."""
        path = f"/v1/agent/enrolment/{what}"
        return require(self._sitting.ask("POST", path, json=body, idempotency_key=idempotency_key))

    def proof(self, key: DeviceKey, purpose: Purpose, around: Surroundings) -> dict[str, str]:
        """A message of this enrolment, signed with the holder's authentication key now."""
        at = around.now()
        message = authentication_message(
            purpose, self._config.server, self.manifest.ticket_sha256, self._sitting.agent_nonce, at
        )
        value = key.sign(message, default_algorithm(key.public_key))
        return {
            "at": instants.written(at),
            "server_nonce": self.manifest.ticket_sha256,
            "value": base64.b64encode(value).decode(),
        }


def spool_of_order(order: str) -> str:
    """The folder of an order in the spool: what a run leaves is found by the next one, whatever its ticket."""
    return hashlib.sha256(f"khatam-order-v1\n{order}".encode()).hexdigest()


@contextmanager
def enrolment_sitting(
    config: AgentConfig, ticket: Ticket, around: Surroundings, road: Road, report: EnrolmentReport
) -> Iterator[EnrolmentSitting]:
    """A sitting at the ticket's order. When it ends well, nothing of it is left in the spool.

    :raise AgentError: `ROAD` when the ticket is for another command; what server, ticket and manifest can raise.
    """
    with Spool.open(config.spool, ticket.sha256) as spool:
        server = Server(
            config.server, ephemeral_key(spool), transport=around.transport, pause=around.pause, now=around.now
        )
        with closing(server):
            sitting = Sitting(config, server, spool, ticket, kind="enrolment")
            manifest = _manifest(config, sitting, around)
            report.order, report.holder = manifest.order, manifest.name_latin
            if manifest.road is not road:
                raise AgentError(AgentCode.ROAD, fix=COMMANDS[manifest.road])
            with spool.beside(spool_of_order(manifest.order)) as kept:
                yield EnrolmentSitting(config, sitting, kept, manifest)
                kept.clear()
        spool.clear()


def _manifest(config: AgentConfig, sitting: Sitting, around: Surroundings) -> EnrolmentManifest:
    jws = require(sitting.ask("GET", "/v1/agent/enrolment")).text("manifest")
    try:
        manifest = verify_enrolment_manifest(jws, config.anchor(), around.now())
        require_meant_for(manifest, manifest.order, sitting.expected())
    except ManifestRefused as refused:
        raise AgentError(AgentCode.MANIFEST, what=str(refused), reason=refused.reason.value) from refused
    return manifest
