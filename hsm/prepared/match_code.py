"""The four digits that the page and the agent both show, so that a swapped session is noticed."""

import hashlib


def match_code(ceremony_id: object, jkt: str, manifest_jws: bytes | str) -> str:
    """Four digits from the ceremony, the agent's key and the manifest as it was sent.

    :param ceremony_id: its text (a UUID is written in its usual form).
    :param jkt: RFC 7638 thumbprint of the agent's ephemeral key, base64url.
    """
    sent = manifest_jws.encode("ascii") if isinstance(manifest_jws, str) else manifest_jws
    digest = hashlib.sha256(b"khatam-match-v1")
    for part in (str(ceremony_id).encode(), jkt.encode(), sent):
        digest.update(len(part).to_bytes(4, "big") + part)
    return f"{int.from_bytes(digest.digest()[:8], 'big') % 10_000:04d}"
