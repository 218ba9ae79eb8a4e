"""Chapter six: programs that we did not write judge what the story made."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from . import cast
from .peers import (
    embedded_certificates,
    openssl_chain_accepts,
    openssl_cms_accepts,
    openssl_ocsp_says,
    openssl_ts_accepts,
    pdfsig_accepts,
    pdfsig_total_at_last_signature,
    write_pem,
)
from .story import World


def outsiders(world: World) -> None:
    """Play the chapter."""
    bill = world.bill
    bill.open_chapter(6, "Judged by programs that we did not write")
    scratch = world.stage.folder / "peers"
    scratch.mkdir()
    folder = world.stage.folder
    trust = folder / bill.files["trust"]
    names = {"licence": 1, "second_licence": 1, "minutes": 3, "opinion": 1}
    for name, signatures in names.items():
        pdf = folder / bill.files[name]
        with bill.act(f"{pdf.name}") as act:
            said = [pdfsig_accepts(pdf, signatures=signatures), pdfsig_total_at_last_signature(pdf, scratch)]
            said.append(openssl_cms_accepts(pdf, trust, scratch))
            untrusted = write_pem(scratch / f"{pdf.stem}-certificates.pem", embedded_certificates(pdf))
            said.append(openssl_ts_accepts(pdf, trust, untrusted, scratch))
            act.detail = "; ".join(said)
    _chain_and_status(world, scratch, trust)


def _chain_and_status(world: World, scratch: Path, trust: Path) -> None:
    bill = world.bill
    leaf, issuer = embedded_certificates(world.stage.folder / bill.files["licence"])[:2]
    certificate, issuing = write_pem(scratch / "president.pem", [leaf]), write_pem(scratch / "issuing.pem", [issuer])
    with bill.act("the president's chain, with revocation lists fetched where the certificates say") as act:
        lists = scratch / "lists.pem"
        lists.write_bytes(b"".join(_list_of(world, each) for each in (leaf, issuer)))
        act.detail = openssl_chain_accepts(certificate, trust, issuing, lists)
    ocsp = f"{world.stage.responders}/ocsp"
    with bill.act("the live OCSP responder, before the revocation") as act:
        act.detail = openssl_ocsp_says(certificate, issuing, ocsp, trust, "good")
    with bill.act("the lost key's certificate revoked at the CA; the live responder says so") as act:
        order = world.orders[cast.PRESIDENT.key]
        world.officer.post(f"/v1/key-orders/{order}/revocation", {"reason": "key_compromise"})
        act.detail = openssl_ocsp_says(certificate, issuing, ocsp, trust, "revoked")
    with bill.act("licences signed before the loss stay authentic after the revocation"):
        content = (world.stage.folder / bill.files["second_licence"]).read_bytes()
        bill.expect("verdict", world.public.post_bytes("/v1/verifications", content)["verdict"], "AUTHENTIC")


def _list_of(world: World, certificate: x509.Certificate) -> bytes:
    """The CRL that `certificate` names, PEM."""
    import httpx2

    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    names = [name.value for point in points for name in point.full_name or ()]
    url = next(name for name in names if name.startswith(world.stage.responders))
    der = httpx2.get(url, timeout=10).raise_for_status().content
    return x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)
