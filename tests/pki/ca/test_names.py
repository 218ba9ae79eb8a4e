"""Names: what may stand in a certificate."""

import pytest
from cryptography.x509.oid import NameOID

from pki.ca.errors import SubjectRefused
from pki.ca.names import HolderSubject, Organisation, holder_name, service_name
from pki.trust.marks import Environment


def test_one_latin_name_is_split() -> None:
    name = holder_name(HolderSubject(name_latin="  Ahmed  El Alaoui ", cin="be123456"))
    assert name.rfc4514_string({NameOID.SERIAL_NUMBER: "SN#", NameOID.SURNAME: "SN", NameOID.GIVEN_NAME: "GN"}) == (
        "SN#=IDCMA-BE123456,GN=Ahmed,SN=El Alaoui,CN=Ahmed El Alaoui,C=MA"
    )


def test_given_parts_win() -> None:
    subject = HolderSubject(name_latin="Fatima Zahra Idrissi", cin="A1", given_name="Fatima Zahra", surname="Idrissi")
    name = holder_name(subject)
    assert name.get_attributes_for_oid(NameOID.GIVEN_NAME)[0].value == "Fatima Zahra"
    assert name.get_attributes_for_oid(NameOID.SURNAME)[0].value == "Idrissi"


def test_one_word_is_a_surname() -> None:
    name = holder_name(HolderSubject(name_latin="Idrissi", cin="A1"))
    assert not name.get_attributes_for_oid(NameOID.GIVEN_NAME)


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u0000", "\u2066", "\n", "\ufeff"])
def test_hidden_characters_are_refused(hidden: str) -> None:
    with pytest.raises(SubjectRefused):
        holder_name(HolderSubject(name_latin=f"Ahmed{hidden} Alaoui", cin="BE123456"))


@pytest.mark.parametrize(("name", "cin"), [("", "A1"), ("x" * 65, "A1"), ("A B", ""), ("A B", "A-1"), ("A B", "123")])
def test_malformed_parts_are_refused(name: str, cin: str) -> None:
    with pytest.raises(SubjectRefused):
        holder_name(HolderSubject(name_latin=name, cin=cin))


def test_rehearsal_says_test_and_production_needs_its_number() -> None:
    organisation = Organisation.of("Commune", None, Environment.REHEARSAL)
    assert "TEST" in service_name(organisation, "Root", Environment.REHEARSAL).rfc4514_string()
    with pytest.raises(SubjectRefused):
        Organisation.of("Commune", None, Environment.PRODUCTION)
    organisation = Organisation.of("Commune", "NTRMA-12345", Environment.PRODUCTION)
    assert "TEST" not in service_name(organisation, "Root", Environment.PRODUCTION).rfc4514_string()
