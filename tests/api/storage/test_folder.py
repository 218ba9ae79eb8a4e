"""The content-addressed folder."""

import hashlib
from pathlib import Path

import pytest

from api.storage.folder import FileMissing, Folder


def test_what_is_put_is_got(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    sha256 = folder.put(b"licence")
    assert sha256 == hashlib.sha256(b"licence").hexdigest()
    assert folder.get(sha256) == b"licence"
    assert folder.path(sha256).read_bytes() == b"licence"
    assert folder.put(b"licence") == sha256


def test_altered_file_is_not_served(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    sha256 = folder.put(b"licence")
    folder.path(sha256).chmod(0o600)
    folder.path(sha256).write_bytes(b"Licence")
    with pytest.raises(FileMissing):
        folder.get(sha256)


def test_a_cut_file_is_written_again(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    sha256 = folder.put(b"licence")
    folder.path(sha256).chmod(0o600)
    folder.path(sha256).write_bytes(b"lic")
    folder.put(b"licence")
    assert folder.get(sha256) == b"licence"


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 64, "g" * 64])
def test_a_name_that_is_no_digest_reaches_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileMissing):
        Folder(tmp_path).get(name)


def test_nothing_but_whole_files_remains(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put(b"licence")
    assert [path.name for path in tmp_path.rglob(".*")] == []
