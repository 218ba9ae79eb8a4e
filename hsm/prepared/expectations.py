"""Whether a verified manifest was meant for this agent, this ticket, this server."""

from dataclasses import dataclass
from typing import Protocol

from .errors import ManifestReason, ManifestRefused
from .manifest import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the agent knows by itself: from its configuration, its ticket, its own random numbers."""

    environment: Environment
    origin: str
    ticket_sha256: str
    agent_nonce: str
    agent_version: str
    subject: str
    """The id that the redemption named: the ceremony's, or the order's."""


class Addressed(Protocol):
    """What manifests have in common."""

    @property
    def minimum_agent(self) -> str: ...
    @property
    def environment(self) -> Environment: ...
    @property
    def origin(self) -> str: ...
    @property
    def ticket_sha256(self) -> str: ...
    @property
    def agent_nonce(self) -> str: ...


def require_meant_for(manifest: Addressed, subject: str, expected: Expected) -> None:
    """Refuse a manifest that was made for another agent, ticket, server or environment.

    :param subject: the manifest's own ceremony or order.
    :raise ManifestRefused: with the first difference found.
    """
    # THREAT: a good manifest is replayed: of another ceremony, another PC, yesterday's ticket, a rehearsal.
    # DEFENCE: it must repeat what only this run knows (ticket digest, nonce) and what this PC is configured for.
    # TEST: tests/hsm/prepared/test_manifest.py::test_manifest_meant_for_another_is_refused
    same = (
        (manifest.environment, expected.environment, ManifestReason.OTHER_ENVIRONMENT, "another environment"),
        (manifest.origin, expected.origin, ManifestReason.OTHER_ORIGIN, "another server"),
        (manifest.ticket_sha256, expected.ticket_sha256, ManifestReason.OTHER_TICKET, "another ticket"),
        (manifest.agent_nonce, expected.agent_nonce, ManifestReason.OTHER_NONCE, "another run of the agent"),
        (subject, expected.subject, ManifestReason.OTHER_CEREMONY, "another ceremony or order"),
    )
    for said, known, reason, what in same:
        if said != known:
            raise ManifestRefused(reason, f"it was made for {what}")
    if _version(expected.agent_version) < _version(manifest.minimum_agent):
        raise ManifestRefused(
            ManifestReason.AGENT_TOO_OLD,
            f"it needs agent {manifest.minimum_agent} or later and this one is {expected.agent_version}",
        )


def _version(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split("."))
    except ValueError as error:
        raise ManifestRefused(ManifestReason.FIELD_INVALID, "its minimum agent version is not a version") from error
