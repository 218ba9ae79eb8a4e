"""Natural persons: enrolment, their own contacts, and the full look at a national id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.records import HolderId, Records
from pki.registration.contacts import accept_email, accept_phone
from pki.registration.errors import HolderExists, HolderUnknown
from pki.registration.names import ARABIC_LIMIT, LATIN_LIMIT, accept_name
from pki.registration.protection import ProtectedNumber, ProtectedNumbers
from pki.registration.tables import Holder


class Contact(StrEnum):
    """How a person is reached, apart from the mailbox of his office."""

    EMAIL = "email"
    PHONE = "phone"


_ACCEPTED: Mapping[Contact, Callable[[str], str]] = {Contact.EMAIL: accept_email, Contact.PHONE: accept_phone}
_PROTECTED = select(Holder.cin_encrypted, Holder.cin_hash).where(Holder.id == bindparam("holder"))


def enrol_holder(
    records: Records,
    protection: ProtectedNumbers,
    *,
    name_ar: str,
    name_latin: str,
    cin: str,
    email: str | None = None,
    phone: str | None = None,
    by: Actor,
    at: datetime,
) -> HolderId:
    """Record a person.

    :raise HolderExists: the national id is on record; carries the holder.
    :raise NameRefused: see `pki.registration.names`.
    :raise NationalIdMalformed: not a national id.
    :raise ContactRefused: an e-mail address or a telephone number that cannot be used.
    """
    own_email = None if email is None else accept_email(email)
    own_phone = None if phone is None else accept_phone(phone)
    arabic = accept_name("name_ar", name_ar, script="ARABIC", limit=ARABIC_LIMIT)
    latin = accept_name("name_latin", name_latin, script="LATIN", limit=LATIN_LIMIT)
    number = protection.protect(cin)
    with records.writing() as session:
        return enrol_protected(
            session,
            name_ar=arabic,
            name_latin=latin,
            number=number,
            email=own_email,
            phone=own_phone,
            by=by,
            at=at,
        )


def enrol_protected(
    session: Session,
    *,
    name_ar: str,
    name_latin: str,
    number: ProtectedNumber,
    email: str | None,
    phone: str | None,
    by: Actor,
    at: datetime,
) -> HolderId:
    """Record a person whose names and contacts were accepted and whose national id is protected already. A step.

    :raise HolderExists: the national id is on record; carries the holder.
    """
    row = {
        "id": uuid4(),
        "name_ar": name_ar,
        "name_latin": name_latin,
        "cin_encrypted": number.encrypted,
        "cin_hash": number.keyed_hash,
        "email": email,
        "phone": phone,
        "enrolled_at": at,
    }
    enrol = insert_into(session, Holder).on_conflict_do_nothing(index_elements=["cin_hash"]).returning(Holder.id)
    holder = session.connection().execute(enrol, row).scalar_one_or_none()
    if holder is None:
        known = session.scalars(select(Holder.id).where(Holder.cin_hash == number.keyed_hash)).one()
        raise HolderExists(HolderId(known))
    facts: dict[str, object] = {"name_ar": name_ar, "name_latin": name_latin, "cin_hash": number.keyed_hash}
    facts |= {"email": email, "phone": phone is not None}
    record(session, kind="holder.enrolled", subject=f"holder:{holder}", by=by, at=at, facts=facts)
    return HolderId(holder)


def reveal_national_id(
    session: Session, protection: ProtectedNumbers, *, holder: HolderId, purpose: str, by: Actor, at: datetime
) -> str:
    """Return a holder's full national id; the look is journalled in the caller's transaction.

    :raise HolderUnknown: no such holder.
    :raise NationalIdUnreadable: other keys than it was written under.
    """
    row = session.execute(_PROTECTED, {"holder": holder}).one_or_none()
    if row is None:
        raise HolderUnknown(holder)
    number = protection.reveal(ProtectedNumber(encrypted=row.cin_encrypted, keyed_hash=row.cin_hash))
    record(
        session,
        kind="holder.national-id-read",
        subject=f"holder:{holder}",
        by=by,
        at=at,
        facts={"purpose": purpose},
    )
    return number


def change_contacts(
    records: Records,
    *,
    holder: HolderId,
    contacts: Mapping[Contact, str | None],
    reason: str,
    by: Actor,
    at: datetime,
) -> None:
    """Change a person's own e-mail address or telephone number, by which he is reached without an office's mailbox.

    :param contacts: those that change; None: he has none any more.
    :raise ContactRefused: an e-mail address or a telephone number that cannot be used.
    :raise HolderUnknown: no such holder.
    """
    accepted = {each: None if said is None else _ACCEPTED[each](said) for each, said in sorted(contacts.items())}
    with records.writing() as session:
        done = session.execute(
            update(Holder)
            .where(Holder.id == holder)
            .values({each.value: said for each, said in accepted.items()})
            .returning(Holder.id)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        if done is None:
            raise HolderUnknown(holder)
        # THREAT: somebody's notices are turned to another's address, and nobody knows by whom.
        # DEFENCE: an act of an officer of his territory, journalled with its reason and the new address.
        # TEST: tests/pki/registration/test_holders.py::test_contacts_change_with_a_reason
        facts: dict[str, object] = {"reason": reason}
        facts |= {each.value: said if each is Contact.EMAIL else said is not None for each, said in accepted.items()}
        record(session, kind="holder.contacts-changed", subject=f"holder:{holder}", by=by, at=at, facts=facts)
