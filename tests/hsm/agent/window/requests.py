"""Requests as the engine makes them, for pages that are built without one."""

import hashlib

from hsm.agent.consent import ListedDocument, PinState, ShownCapacity, SigningRequest
from tests.hsm.prepared.documents import make_base

CONTENT = make_base()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def document(
    number: int, *, kind: str = "licence", title: str = "Permis de construire", **over: object
) -> ListedDocument:
    fields: dict[str, object] = {
        "id": f"i{number}",
        "reference": f"L26-{number:07d}",
        "kind": kind,
        "title": title,
        "beneficiary": "أحمد العلوي",
        "base_sha256": "0" * 64,
        "prepared_sha256": SHA256,
        "content": CONTENT,
    }
    return ListedDocument(**(fields | over))  # type: ignore[arg-type]  # a test names the fields it changes


def request(count: int = 3, **over: object) -> SigningRequest:
    fields: dict[str, object] = {
        "environment": "rehearsal",
        "origin": "https://signature.rokhas.example",
        "requester": "Rokhas.ma",
        "match_code": "4719",
        "signer_ar": "أحمد العلوي",
        "signer_latin": "Ahmed EL ALAOUI",
        "capacity": ShownCapacity(
            function="president", body_code="01.141", body_fr="Commune d’Aïn Sebaâ", body_ar="جماعة عين السبع"
        ),
        "device": "president (1)",
        "pin_state": PinState.FINE,
        "protected_path": False,
        "pin_entries": 1,
        "held_policy": None,
        "documents": tuple(document(number) for number in range(count)),
        "already_kept": 0,
    }
    return SigningRequest(**(fields | over))  # type: ignore[arg-type]  # as above
