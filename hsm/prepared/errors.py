"""Why the signer's side refuses what it was sent. Each reason is a decision; nothing is signed after any of them.

```
PreparedError
├── ManifestRefused       the list of what to sign (or to enrol) is not one that this agent may follow
└── IncrementRefused      a prepared file is not the shown document plus one signature
```
"""

from enum import StrEnum

from hsm.errors import HsmError


class PreparedError(HsmError):
    """What was sent is refused; nothing was signed."""


class ManifestReason(StrEnum):
    """Why a manifest is refused."""

    MALFORMED = "malformed"
    FIELD_MISSING = "field-missing"
    FIELD_UNKNOWN = "field-unknown"
    FIELD_INVALID = "field-invalid"
    SIGNATURE_INVALID = "signature-invalid"
    OTHER_ANCHOR = "other-anchor"
    KEY_USAGE = "key-usage"
    CERTIFICATE_EXPIRED = "certificate-expired"
    PROTOCOL = "protocol"
    AGENT_TOO_OLD = "agent-too-old"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    LIFETIME = "lifetime"
    OTHER_ENVIRONMENT = "other-environment"
    OTHER_ORIGIN = "other-origin"
    OTHER_TICKET = "other-ticket"
    OTHER_NONCE = "other-nonce"
    OTHER_CEREMONY = "other-ceremony"


class ManifestRefused(PreparedError):
    """The manifest is refused; nothing was signed."""

    def __init__(self, reason: ManifestReason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(
            f"The list of what to sign was refused: {detail}. Nothing was signed. Start again from the page."
        )


class IncrementReason(StrEnum):
    """Why a prepared file is refused."""

    NOT_THE_BASE = "not-the-base"
    NOTHING_ADDED = "nothing-added"
    MALFORMED = "malformed"
    ENCRYPTED = "encrypted"
    NOT_ONE_INCREMENT = "not-one-increment"
    HIDDEN_BYTES = "hidden-bytes"
    OBJECT_STREAM = "object-stream"
    OBJECT_FREED = "object-freed"
    TRAILER = "trailer"
    FIELD_UNKNOWN = "field-unknown"
    FIELD_SIGNED = "field-signed"
    FIELD_CHANGED = "field-changed"
    OBJECT_CHANGED = "object-changed"
    STRAY_OBJECT = "stray-object"
    CATALOG_CHANGED = "catalog-changed"
    FORM_CHANGED = "form-changed"
    PAGE_CHANGED = "page-changed"
    METADATA_CHANGED = "metadata-changed"
    APPEARANCE = "appearance"
    ACTIVE_CONTENT = "active-content"
    SIGNATURE_DICTIONARY = "signature-dictionary"
    SUBFILTER = "subfilter"
    BYTE_RANGE = "byte-range"
    CONTENTS = "contents"
    DOCMDP = "docmdp"
    SIGNING_TIME = "signing-time"


class IncrementRefused(PreparedError):
    """The prepared file is not the shown document plus one signature; nothing was signed."""

    def __init__(self, reason: IncrementReason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(
            f"The prepared file is not the document shown plus one signature: {detail}. It was not signed. "
            "Open the document again from the page; if this comes back, tell the service."
        )
