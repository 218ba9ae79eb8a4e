"""A supplied device: a signature and an authentication key of one person; and a person who says yes, or no."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from hsm.agent.config import AgentConfig
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.holder.device_consent import PresentRequest, UnlockRequest, WipeRequest
from hsm.cryptoki.objects import StoredCertificate
from hsm.software import SoftwareKey
from tests.hsm.agent.estate import MemoryDevices
from tests.hsm.prepared.authority import Authority, name, usage

POLICY = "1.2.504.1.1.1"
SIGNATURE_ID, AUTHENTICATION_ID = b"\x9c", b"\x9a"


@dataclass(slots=True)
class Person:
    """Says yes to everything, or no to what is in `refuses`; keeps what was asked."""

    refuses: frozenset[str] = frozenset()
    asked: list[object] = field(default_factory=list)

    def to_present(self, request: PresentRequest) -> None:
        self._note("present", request)

    def to_unlock(self, request: UnlockRequest) -> None:
        self._note("unlock", request)

    def to_wipe(self, request: WipeRequest) -> None:
        self._note("wipe", request)

    def to_be_mine(self, named: str) -> None:
        self._note("mine", named)

    def to_last_try(self, device: str) -> None:
        self.asked.append(device)
        if "last-try" in self.refuses:
            raise AgentError(AgentCode.PIN_LAST_TRY)

    def _note(self, what: str, request: object) -> None:
        self.asked.append(request)
        if what in self.refuses:
            raise AgentError(AgentCode.CONSENT)


def written(config: AgentConfig, folder: Path) -> Path:
    """That configuration as a file, and its spool ready."""
    values = {
        "server": config.server,
        "environment": "rehearsal",
        "manifest_anchor": str(config.manifest_anchor),
        "modules": ["/module.so"],
        "spool": str(config.spool),
    }
    path = folder / "agent.toml"
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()), encoding="utf-8")
    config.spool.mkdir(mode=0o700, exist_ok=True)
    return path


def certified(authority: Authority, soft: SoftwareKey, subject: str, *, signs: bool, policy: str | None) -> bytes:
    builder = authority._builder(name(subject), authority.certificate.subject, soft.public_key)
    wanted = usage(content_commitment=True) if signs else usage(digital_signature=True)
    builder = builder.add_extension(wanted, critical=True)
    if not signs:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    if policy is not None:
        policies = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(policy), None)])
        builder = builder.add_extension(policies, critical=False)
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.DER)


def supply(
    devices: MemoryDevices,
    authority: Authority,
    *,
    subject: str = "Ahmed EL ALAOUI",
    policy: str | None = POLICY,
    authentication: bool = True,
) -> list[bytes]:
    """Empty the device, then put the pair in; the certificates, the signature one first."""
    devices.keys.clear()
    devices.certificates.clear()
    made = []
    for key_id, signs in ((SIGNATURE_ID, True), (AUTHENTICATION_ID, False))[: 2 if authentication else 1]:
        devices.keys[key_id] = soft = SoftwareKey(ec.generate_private_key(ec.SECP256R1()))
        der = certified(authority, soft, subject, signs=signs, policy=policy)
        devices.certificates.append(StoredCertificate(key_id=key_id, label="", der=der))
        made.append(der)
    return made
