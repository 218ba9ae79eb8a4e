"""What is wrong at the door. Nothing was done in any of these cases.

```
AuthError
├── CredentialsMissing      no token was given
├── CredentialsRefused      unknown, ended or expired token
├── NotPermitted            known caller, but not for this act (role, territory, scope)
├── TerritoryRefused        an officer's role and the territory named for him do not go together
├── SecondOfficerRefused    not another officer, or not of the first one's level
├── ClientRefused           OAuth 2: client authentication failed (invalid_client)
├── GrantRefused            OAuth 2: grant type or scope not offered
├── ProofRefused            DPoP: the proof is not valid for this request
├── AgentTooOld             the signing program is older than is asked for
└── EnrolmentProofRefused   the device did not prove that it holds the certified key
```
"""


class AuthError(Exception):
    """A caller was not let in; nothing was done."""


class CredentialsMissing(AuthError):
    """The request carries no usable Authorization header."""

    def __init__(self) -> None:
        super().__init__("No access token was given. Nothing was done: send it as `Authorization: Bearer …`.")


class CredentialsRefused(AuthError):
    """The token is unknown, ended or expired."""

    def __init__(self) -> None:
        super().__init__("The access token is unknown, ended or expired. Nothing was done: ask for a new one.")


class NotPermitted(AuthError):
    """The caller is known, and this is not for him."""

    def __init__(self, needed: str) -> None:
        super().__init__(f"This needs {needed}, which this token does not give. Nothing was done.")
        self.needed = needed


class TerritoryRefused(AuthError):
    """An officer cannot have that territory."""

    def __init__(self, role: str, code: str | None) -> None:
        super().__init__(
            f"A {role} officer needs exactly one territory of that level, on record ({code or 'none'} was named). "
            "Nobody was appointed."
        )
        self.role = role
        self.code = code


class SecondOfficerRefused(AuthError):
    """Four eyes are needed, and these are not the other two."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"This needs a second officer, of the level of the first or above ({reason}). Nothing was done."
        )
        self.reason = reason


class ClientRefused(AuthError):
    """A machine client did not prove who it is."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The client was not authenticated ({reason}). No token was given.")
        self.reason = reason


class GrantRefused(AuthError):
    """The token endpoint does not offer what was asked for."""

    def __init__(self, error: str, said: str) -> None:
        super().__init__(f"{said} No token was given.")
        self.error = error
        """Error code of RFC 6749, 5.2."""


class ProofRefused(AuthError):
    """A DPoP proof that does not hold for this request."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The DPoP proof was refused ({reason}). Nothing was done: make a new proof for each request.")
        self.reason = reason


class AgentTooOld(AuthError):
    """The agent's version is below the one that this installation asks for."""

    def __init__(self, version: str, minimum: str) -> None:
        super().__init__(
            f"This signing program ({version}) is older than {minimum}. Nothing was opened, the ticket is still "
            "good: install the present one."
        )
        self.version = version
        self.minimum = minimum


class EnrolmentProofRefused(AuthError):
    """The proof of the new authentication key does not hold."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The proof of the new key was refused ({reason}). Nothing changed: the order stays as it was. Enrol again."
        )
        self.reason = reason
