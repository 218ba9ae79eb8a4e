"""A signer's PC with real drivers: the engine, its worker processes, a service in this process."""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.agent.config import AgentConfig
from hsm.agent.consent import Interruption, Progress
from hsm.agent.devices import open_devices
from hsm.agent.report import SigningReport
from hsm.agent.service.addresses import Ticket
from hsm.agent.signing.ceremony import Signing
from hsm.agent.surroundings import Surroundings
from hsm.cryptoki.station import Station
from hsm.keys import default_algorithm
from hsm.pin import PinSource
from hsm.prepared.manifest import Manifest
from tests.hsm.agent.estate import ORIGIN, TICKET, FakeService
from tests.hsm.agent.people import Person
from tests.hsm.prepared.authority import Authority, SoftKey

SECONDS = 20.0


class Prepared(list[tuple[bytes, bytes]]):
    """Bases with their prepared files; in a failure's report, no more than their number."""

    def __repr__(self) -> str:
        return f"{len(self)} documents"


def service_for(authority: Authority, certificate: bytes, documents: Prepared) -> FakeService:
    """A service that wants these documents signed by the holder of that certificate."""
    public = x509.load_der_x509_certificate(certificate).public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)

    def meant(manifest: Manifest) -> Manifest:
        return dataclasses.replace(manifest, mechanism=default_algorithm(public))

    manifest_key = SoftKey(ec.generate_private_key(ec.SECP256R1()))
    return FakeService(authority, manifest_key, certificate, list(documents), twist=meant)


@dataclasses.dataclass(slots=True, kw_only=True)
class Desk:
    """One PC; whoever sits down brings his service, his consent and his PINs."""

    config: AgentConfig
    opened: list[Station] = dataclasses.field(default_factory=list)
    """The drivers of each run, in order."""
    workers: set[int] = dataclasses.field(default_factory=set)
    """Every worker process that was seen at a document."""

    def devices(self) -> Station:
        station = open_devices(self.config)
        self.opened.append(station)
        return station

    def sign(self, service: FakeService, consent: Person, pins: PinSource) -> SigningReport:
        def watch(said: Progress) -> None:
            del said
            if self.opened:
                self.workers.update(self.opened[-1].worker_pids())

        around = Surroundings(
            devices=self.devices,
            consent=consent,
            pins=pins,
            progress=watch,
            transport=service.transport(),
            pause=lambda _: None,
        )
        return Signing(self.config, Ticket(TICKET), around).run()

    def left_running(self) -> list[int]:
        """The workers that live although their run is over."""
        return [pid for pid in self.workers if Path(f"/proc/{pid}").exists()]


def make_desk(
    folder: Path,
    authority: Authority,
    module: Path,
    *,
    environment: dict[str, str] | None = None,
    softhsm_conf: Path | None = None,
) -> Desk:
    anchor = folder / "anchor.pem"
    anchor.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    config = AgentConfig(
        server=ORIGIN,
        environment="rehearsal",
        manifest_anchor=anchor,
        modules=(module,),
        module_environment=environment or {},
        softhsm_conf=softhsm_conf,
        spool=folder / "spool",
    )
    return Desk(config=config)


def until_over(interruption: Interruption) -> None:
    """Wait as the window does: looking every now and then whether the cause is gone."""
    deadline = time.monotonic() + SECONDS
    while not interruption.over():
        assert time.monotonic() < deadline, f"{interruption.error} is not over after {SECONDS:g} s"
        time.sleep(0.02)


def mending(*acts: Callable[[], None]) -> Callable[[Interruption], None]:
    """Do one act at each interruption, then wait until it is over. One interruption more than acts fails."""
    left = list(acts)

    def mend(interruption: Interruption) -> None:
        assert left, f"one interruption too many: {interruption.error}"
        left.pop(0)()
        until_over(interruption)

    return mend


def require_none_doubled(service: FakeService) -> None:
    """Each document has one kept value, and no second one that differs was ever posted for it."""
    assert sorted(service.kept, key=lambda item: int(item[1:])) == [f"i{n}" for n in range(len(service.documents))]
    assert all(value == service.kept[item][1] for item, value in service.values)
