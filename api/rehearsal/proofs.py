"""What must hold after each stage, and at the end by programs that are not ours."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import func, select

from api.wiring import House
from hsm.errors import HsmError
from pki.ca.certificates import certificates_of_order
from pki.ca.issuers import issuer_chain
from pki.quota.balances import explain
from pki.quota.differences import differences
from pki.quota.exports import write_allowances, write_ledger
from pki.quota.kinds import OrderState, SeatPlace
from pki.quota.tables import IssuanceRequest, KeyOrder, LedgerEntry
from pki.records import OrderId

from .country import SEED, Place
from .keys import InDevices

OPENSSL_SECONDS = 30


class ProofFailed(Exception):
    """The books or a certificate are not what they must be."""


def books_balance(house: House) -> None:
    """Every balance is what its entries say.

    :raise ProofFailed: with the first that is not.
    """
    with house.records.reading() as session:
        found = differences(session)
    if found:
        raise ProofFailed(f"the books do not balance: {found[0]}")


def keys_explained(house: House, places: Sequence[Place], stage: str) -> str:
    """One place drawn by lot explains each of its keys from the entries; return its code.

    :raise ProofFailed: a seat without entries, or another number of them than the allowance says.
    """
    lot = random.Random(f"{SEED} {stage}")  # noqa: S311
    place = lot.choice(list(places))
    with house.records.reading() as session:
        found = explain(session, place.code)
    silent = [seat.order for seat in found.seats if not seat.entries]
    above = sum(seat.granted_by is None for seat in found.seats)
    if silent or above != found.excess:
        said = silent or f"{above} above what is granted, {found.excess} on record"
        raise ProofFailed(f"{place.code} cannot explain its keys: {said}")
    return place.code


def active_orders(house: House) -> list[OrderId]:
    """Every active order, by id."""
    with house.records.reading() as session:
        return [
            OrderId(each)
            for each in session.scalars(
                select(KeyOrder.id).where(KeyOrder.state == OrderState.ACTIVE).order_by(KeyOrder.id)
            )
        ]


def seats_in_use(house: House) -> int:
    """Seats reserved or live, as the orders have them."""
    with house.records.reading() as session:
        taken = KeyOrder.seat.in_([SeatPlace.RESERVED, SeatPlace.LIVE])
        return session.scalar(select(func.count()).select_from(KeyOrder).where(taken)) or 0


def entries(house: House) -> int:
    """Entries in the ledger."""
    with house.records.reading() as session:
        return session.scalar(select(func.count()).select_from(LedgerEntry)) or 0


def certificates_verify(house: House, orders: Sequence[OrderId], many: int, *, at: datetime) -> int:
    """`openssl verify` on the signature certificates of orders drawn by lot; return of how many.

    :raise ProofFailed: with what it said of the first that it refused, or an active key without certificate.
    """
    lot = random.Random(f"{SEED} certificates")  # noqa: S311
    chosen = lot.sample(list(orders), min(many, len(orders)))
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "trust.pem").write_text(house.trust_bundle(), encoding="utf-8")
        for order in chosen:
            with house.records.reading() as session:
                found = certificates_of_order(session, order)
                if not found:
                    raise ProofFailed(f"the active key {order} has no certificate")
                chain = issuer_chain(session, found[0].issuer)
            _verify(folder, found[0].pem, chain, at)
    return len(chosen)


def device_keys_sign(house: House, devices: InDevices, among: Sequence[OrderId]) -> int:
    """Each of these orders whose key is in a device signs there, and its certificate verifies it; return how many.

    :raise ProofFailed: the device has no such key, or another.
    """
    labels = set(devices.labels)
    with house.records.reading() as session:
        asked = select(IssuanceRequest.order_id, IssuanceRequest.device_label).where(
            IssuanceRequest.superseded_at.is_(None), IssuanceRequest.device_label.in_(labels)
        )
        found = [(OrderId(order), label) for order, label in session.execute(asked) if order in set(among)]
        certificates = {order: certificates_of_order(session, order)[0] for order, _ in found}
    for order, label in found:
        try:
            devices.signs(label, order, certificates[order].der)
        except (HsmError, InvalidSignature) as refusal:
            raise ProofFailed(f"the device {label} does not sign with the key of {order}: {refusal}") from refusal
    return len(found)


def _verify(folder: Path, pem: str, chain: Sequence[bytes], at: datetime) -> None:
    issuers = b"".join(x509.load_der_x509_certificate(each).public_bytes(Encoding.PEM) for each in chain)
    (folder / "issuers.pem").write_bytes(issuers)
    (folder / "certificate.pem").write_text(pem, encoding="utf-8")
    command = ["openssl", "verify", "-attime", str(int(at.timestamp())), "-CAfile", "trust.pem"]
    command += ["-untrusted", "issuers.pem", "certificate.pem"]
    said = subprocess.run(  # noqa: S603  (the system's openssl on files of ours)
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=OPENSSL_SECONDS
    )
    if said.returncode != 0:
        raise ProofFailed(f"openssl verify: {said.stdout}{said.stderr}".strip())


def export(house: House, folder: Path) -> None:
    """`ledger.csv` and `allowances.csv`, of one instant."""
    with house.records.reading() as session:
        for name, write in (("ledger.csv", write_ledger), ("allowances.csv", write_allowances)):
            beside = folder / f"{name}.part"
            with beside.open("w", encoding="utf-8", newline="") as file:
                write(session, file)
            beside.replace(folder / name)
