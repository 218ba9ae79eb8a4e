"""The agent's own look at what it is asked to sign: its own copies, its own hashes, its own digest."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.service.server import Server, require
from hsm.prepared.errors import IncrementRefused
from hsm.prepared.increment import CheckedIncrement, check_increment
from hsm.prepared.manifest import Manifest, ManifestItem

from .embedded import SaidOfItself, read_embedded


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedItem:
    """An item whose bytes were read here and are what the manifest says."""

    item: ManifestItem
    base: bytes
    prepared: bytes
    checked: CheckedIncrement
    said: SaidOfItself


def check_items(server: Server, manifest: Manifest, at: datetime) -> list[CheckedItem]:
    """Download and check every item of the list; one that is wrong stops the whole list, before any consent.

    :raise AgentError: `DOCUMENT` with the reference and the reason; nothing of the list was signed.
    """
    return [_check(server, item, at) for item in manifest.items]


def _check(server: Server, item: ManifestItem, at: datetime) -> CheckedItem:
    # THREAT: the server shows one document and sends another one, or its hash, to be signed.
    # DEFENCE: base and prepared file are hashed here against the signed manifest, then compared object by object;
    #   the digest that gets signed is computed from these very bytes.
    # TEST: tests/hsm/agent/signing/test_ceremony.py::test_other_bytes_than_the_manifests_are_not_signed
    base = _download(server, item, "base", item.base_sha256)
    prepared = _download(server, item, "prepared", item.prepared_sha256)
    try:
        checked = check_increment(base, prepared, item.field, item.docmdp, at)
    except IncrementRefused as refused:
        raise AgentError(
            AgentCode.DOCUMENT, reference=item.reference, what=str(refused), reason=refused.reason.value
        ) from refused
    said = read_embedded(prepared)
    _require_alike(item, said)
    return CheckedItem(item=item, base=base, prepared=prepared, checked=checked, said=said)


def _require_alike(item: ManifestItem, said: SaidOfItself) -> None:
    # THREAT: a list names one document, by its reference and kind, and has another one of our own signed.
    # DEFENCE: where the file itself carries its reference and kind as data, they are those of the list.
    # TEST: tests/hsm/agent/signing/test_ceremony.py::test_document_that_calls_itself_another_is_not_signed
    for own, listed in ((said.reference, item.reference), (said.kind, item.kind)):
        if own not in (None, listed):
            what = f"The file calls itself {own}, not {listed}."
            raise AgentError(AgentCode.DOCUMENT, reference=item.reference, what=what, reason="embedded-differs")


def _download(server: Server, item: ManifestItem, which: str, sha256: str) -> bytes:
    content = require(server.ask("GET", f"/v1/agent/items/{item.id}/{which}")).content
    if hashlib.sha256(content).hexdigest() != sha256:
        raise AgentError(
            AgentCode.DOCUMENT,
            reference=item.reference,
            what=f"The {which} file received is not the one of the list.",
            reason=f"{which}-differs",
        )
    return content
