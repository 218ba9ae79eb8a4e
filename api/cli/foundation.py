"""The authority of a new installation, and what agents need to know of it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.cryptoki.module import Module
from hsm.cryptoki.roles import InProcessKeyring, KeysConfig
from pki.ca.addresses import CaAddresses
from pki.ca.authority import FoundedAuthority, found_authority
from pki.journal.acts import Actor
from pki.records import Records
from pki.status.lists import publish_due_crls
from pki.trust.anchors import add_anchor

if TYPE_CHECKING:
    from api.settings import Settings

AGENT_EXAMPLE = """\
# Configuration of the signing agent, one a machine. Copy it, with manifest-anchor.pem beside it.
server = {server}
environment = {environment}
manifest_anchor = {anchor}
modules = [{module}]
# Only for SoftHSM devices:
# softhsm_conf = "/home/…/softhsm2.conf"
# spool = "~/.local/state/khatam"
"""


def found(
    settings: Settings, *, organisation: str, organisation_identifier: str | None, by: Actor, at: datetime
) -> None:
    """Make the authority's certificates, put its root on the trust list, publish the first lists."""
    records = Records.open(settings.database)
    try:
        with opened_keyring(settings) as keyring:
            founded = found_authority(
                records,
                keyring,
                addresses=CaAddresses(settings.responders_url),
                environment=settings.environment.value,
                organisation=organisation,
                organisation_identifier=organisation_identifier,
                at=at,
                by=by,
            )
            with records.writing() as session:
                add_anchor(
                    session,
                    der=founded.root_der,
                    environment=settings.environment.value,
                    source="this authority's own root",
                    at=at,
                    by=by,
                )
            publish_due_crls(records, keyring, at=at)
        _write_for_agents(settings, founded)
    finally:
        records.close()


@contextlib.contextmanager
def opened_keyring(settings: Settings) -> Iterator[InProcessKeyring]:
    """The service's keys in this process, while no keys process runs."""
    config = KeysConfig.load(settings.keys_configuration)
    with Module.open(config.module, softhsm_conf=config.softhsm_conf) as module:
        yield InProcessKeyring(module, config.roles)


def _write_for_agents(settings: Settings, founded: FoundedAuthority) -> None:
    folder = settings.data / "agents"
    folder.mkdir(mode=0o700)
    anchor = folder / "manifest-anchor.pem"
    anchor.write_bytes(x509.load_der_x509_certificate(founded.root_der).public_bytes(Encoding.PEM))
    written = {
        "server": settings.public_url,
        "environment": settings.environment.value,
        "anchor": str(anchor),
        "module": str(settings.module),
    }
    text = AGENT_EXAMPLE.format(**{name: json.dumps(value) for name, value in written.items()})
    (folder / "agent.toml.example").write_text(text, encoding="utf-8")
