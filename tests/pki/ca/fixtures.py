"""Fixtures that the rooms beside certificates use too: import them into a conftest."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import pki.status.tables
import pki.trust.tables  # noqa: F401
from hsm.keys import KeyKind
from hsm.software import SoftwareKeys
from pki.ca.authority import FoundedAuthority
from pki.records import Base, Records
from tests.pki.ca.estate import House, found

Template = tuple[Path, SoftwareKeys, FoundedAuthority]


def open_records(path: Path) -> Records:
    return Records.open(f"sqlite+pysqlite:///{path}")


def _founded(path: Path, keys: SoftwareKeys) -> Template:
    records = open_records(path)
    Base.metadata.create_all(records.writing_engine)
    founded = found(records, keys)
    records.close()
    return path, keys, founded


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A founded authority, made once; each test gets a copy of its file."""
    return _founded(tmp_path_factory.mktemp("founded") / "records.sqlite", SoftwareKeys("rehearsal"))


@pytest.fixture(scope="session")
def rsa_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    kinds = dict.fromkeys(("root", "issuing", "ocsp", "tsa"), KeyKind.RSA_2048)
    return _founded(tmp_path_factory.mktemp("founded") / "records.sqlite", SoftwareKeys("rehearsal", kinds))


def _copy(template: Template, folder: Path) -> Iterator[House]:
    path, keys, founded = template
    shutil.copy(path, folder / "house.sqlite")
    records = open_records(folder / "house.sqlite")
    yield House(records, keys, founded)
    records.close()


@pytest.fixture
def house(template: Template, tmp_path: Path) -> Iterator[House]:
    yield from _copy(template, tmp_path)


@pytest.fixture
def rsa_house(rsa_template: Template, tmp_path: Path) -> Iterator[House]:
    yield from _copy(rsa_template, tmp_path)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    """A database with tables and nothing in it."""
    opened = open_records(tmp_path / "records.sqlite")
    Base.metadata.create_all(opened.writing_engine)
    yield opened
    opened.close()
