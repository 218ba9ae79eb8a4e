"""The display receipt: what the signer was shown before he said yes, sealed by the agent's ephemeral key.

Evidence for later, kept by the service: this list, these digests, in this capacity, at this time. It holds no PIN, no
ticket and no token.
"""

import hashlib
from datetime import datetime

from hsm.agent import VERSION
from hsm.agent.consent import Yes
from hsm.agent.service.dpop import EphemeralKey
from hsm.prepared import instants, payload
from hsm.prepared.manifest import Manifest

TYPE = "khatam-display+jws"


def display_receipt(
    key: EphemeralKey,
    manifest: Manifest,
    jws: str,
    yes: Yes,
    *,
    shown_at: datetime,
    said_at: datetime,
    held_policy: str | None = None,
) -> str:
    """The receipt of one list: compact JWS (ES256, the public key in its header) over canonical JSON.

    :param jws: the manifest as received; its SHA-256 is that of its ASCII characters.
    :param held_policy: the document under which the PIN of a PIN-always key is held for this list, if it is.
    """
    said: dict[str, object] = {
        "ceremony": manifest.ceremony,
        "manifest_sha256": hashlib.sha256(jws.encode("ascii")).hexdigest(),
        "signer": manifest.signer.holder,
        "function": manifest.capacity.function,
        "body_code": manifest.capacity.body_code,
        "language": yes.language,
        "agent_version": VERSION,
        "shown_at": instants.written(shown_at),
        "said_at": instants.written(said_at),
        "shown": [
            {
                "item": item.id,
                "reference": item.reference,
                "base_sha256": item.base_sha256,
                "prepared_sha256": item.prepared_sha256,
                "opened": item.id in yes.opened,
            }
            for item in manifest.items
        ],
    }
    if held_policy is not None:
        said["held_pin_policy"] = held_policy
    return key.seal(payload.write(said), type=TYPE)
