"""What every process of the service stands on: the records at the head of their history, and the keys by role."""

from __future__ import annotations

from collections.abc import Callable

from api.migrations.history import require_head
from api.settings import KeysAt, Settings
from pki.ca.keyring import Keyring
from pki.records import Records

Closing = list[Callable[[], None]]
"""What is to be called at the end, last first."""


def open_records(settings: Settings, closing: Closing) -> Records:
    """Open the database.

    :raise MigrationsBehind: it is not at the head of its history.
    """
    records = Records.open(settings.database)
    closing.append(records.close)
    require_head(records)
    return records


def open_keyring(settings: Settings, closing: Closing, *, here: bool = False) -> Keyring:
    """The service's keys: asked of the keys process, or (`here`) in a module of this process.

    :raise SoftwareKeysRefused: keys in memory, in production.
    """
    if settings.keys_at is KeysAt.SOFTWARE:
        from hsm.software import SoftwareKeys

        return SoftwareKeys(settings.environment.value)
    if not here:
        from hsm.cryptoki.remote import RemoteKeyring

        remote = RemoteKeyring(settings.keys_socket)
        closing.append(remote.close)
        return remote
    from hsm.cryptoki.module import Module
    from hsm.cryptoki.roles import InProcessKeyring, KeysConfig

    config = KeysConfig.load(settings.keys_configuration)
    module = Module.open(config.module, softhsm_conf=config.softhsm_conf)
    closing.append(module.close)
    return InProcessKeyring(module, config.roles)


def close_all(closing: Closing) -> None:
    """End what was opened, last first."""
    while closing:
        closing.pop()()
