"""Manifests for tests, sound unless a field is replaced."""

from datetime import timedelta

from hsm.keys import KeyKind, SignatureAlgorithm
from hsm.prepared.enrolment import EnrolmentManifest, EnrolmentSubject, KeyPurpose
from hsm.prepared.manifest import Environment, Manifest, ManifestCapacity, ManifestItem, ManifestSigner
from tests.hsm.prepared.authority import NOW

FIVE_MINUTES = timedelta(minutes=5)


def make_manifest() -> Manifest:
    return Manifest(
        protocol=1,
        minimum_agent="0.1.0",
        environment=Environment.REHEARSAL,
        origin="http://127.0.0.1:8000",
        ceremony="0d9cc3a6-3c93-4f7e-9f4b-0a5f5a3f9f10",
        ticket_sha256="a" * 64,
        agent_nonce="nonce",
        issued_at=NOW,
        expires_at=NOW + FIVE_MINUTES,
        signer=ManifestSigner(holder="h", name_ar="أحمد العلوي", name_latin="Ahmed EL ALAOUI"),
        capacity=ManifestCapacity(
            function="president", body_code="01.051.01.01", body_fr="Commune", body_ar="جماعة", office="o"
        ),
        certificate_sha256="b" * 64,
        mechanism=SignatureAlgorithm.ECDSA_SHA256,
        items=(
            ManifestItem(
                id="i1",
                reference="L26-0000123",
                kind="licence",
                title="Permis de construire",
                base_sha256="c" * 64,
                prepared_sha256="d" * 64,
                field="president",
                docmdp=2,
            ),
            ManifestItem(
                id="i2",
                reference="L26-0000124",
                kind="licence",
                title="Permis d'habiter",
                base_sha256="e" * 64,
                prepared_sha256="f" * 64,
                field="president",
                docmdp=None,
            ),
        ),
    )


def make_enrolment() -> EnrolmentManifest:
    return EnrolmentManifest(
        protocol=1,
        minimum_agent="0.1.0",
        environment=Environment.REHEARSAL,
        origin="http://127.0.0.1:8000",
        order="5b2d4a7e-7b59-4b0a-8a5b-1f1c0e7f2d11",
        holder="h",
        name_ar="أحمد العلوي",
        name_latin="Ahmed EL ALAOUI",
        ticket_sha256="a" * 64,
        agent_nonce="nonce",
        issued_at=NOW,
        expires_at=NOW + FIVE_MINUTES,
        key_kind=KeyKind.EC_P256,
        purposes=(KeyPurpose.SIGNATURE, KeyPurpose.AUTHENTICATION),
        subject=EnrolmentSubject(common_name="Ahmed EL ALAOUI", given_name="Ahmed", surname="EL ALAOUI"),
    )
