"""A wired service in a temporary folder: SQLite, keys in memory, no process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.migrations.history import metadata
from api.settings import Settings, load_settings
from pki.records import Base, Records


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A rehearsal whose keys are in memory."""
    (tmp_path / "khatam.toml").write_text(
        'environment = "rehearsal"\nkeys_at = "software"\nclock = "unguarded"\n'
        'public_url = "http://127.0.0.1:8080"\nresponders_url = "http://127.0.0.1:8081"\n'
    )
    secrets = tmp_path / "secrets"
    secrets.mkdir(mode=0o700)
    for name in ("cin-encryption-key", "cin-hash-key", "check-key", "answers-key"):
        (secrets / name).write_text("5a" * 32)
        (secrets / name).chmod(0o600)
    return load_settings(tmp_path)


@pytest.fixture
def records(settings: Settings) -> Iterator[Records]:
    """Empty records with every room's tables."""
    records = Records.open(settings.database)
    try:
        metadata()
    except ImportError:
        import api.auth.tables, pki.tickets, pki.journal.tables
    Base.metadata.create_all(records.writing_engine)
    yield records
    records.close()
