from pathlib import Path

import pytest

from tests.signer.dossiers.town import Town


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    town = Town(tmp_path)
    monkeypatch.setattr("signer.ceremonies.rights.signing_certificate", town.keys.signing_certificate)
    return town
