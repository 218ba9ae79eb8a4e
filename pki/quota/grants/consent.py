"""Four eyes: the digest of what will be done, and who may not decide."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from uuid import UUID

from pki.journal.acts import Actor
from pki.journal.canonical import canonical_json
from pki.quota.grants.errors import OwnProposal, ProposalChanged


def digest_of(domain: str, facts: Mapping[str, object]) -> str:
    """SHA-256 (hex) over the canonical JSON of the facts and of the domain that they belong to."""
    return hashlib.sha256(canonical_json({"domain": domain, **facts})).hexdigest()


def require_other(kind: str, proposal: UUID, *, by: Actor, apart: Collection[str | None]) -> None:
    """Refuse an officer who had a part in it.

    :raise OwnProposal: `by` is among those apart.
    """
    # THREAT: one officer grants seats to his own bodies.
    # DEFENCE: who decides is none of those who asked or consented; a CHECK of each table says it again.
    # TEST: tests/pki/quota/grants/test_extras.py::test_nobody_approves_his_own
    if str(by) in apart:
        raise OwnProposal(kind, proposal)


def require_digest(kind: str, *, given: str, current: str) -> None:
    """Refuse a decision about something else than what would be done.

    :raise ProposalChanged: with the current digest.
    """
    if given != current:
        raise ProposalChanged(kind, current)
