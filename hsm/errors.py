"""What can go wrong with a key or a device. Each leaf says whether asking again can help.

```
HsmError
├── PinError
│   ├── PinRefused          wrong PIN: a person may try again, code never does
│   ├── PinLastTry          one try left and no explicit yes: nothing was sent to the device
│   ├── PinLocked           needs an unblock
│   └── PinRequired         the key asks its PIN for each signature
├── DeviceError
│   ├── DeviceUnavailable   absent, removed, module down: retry after the device is back
│   ├── DeviceMismatch      another device than the one asked for
│   └── DeviceTimeout       no answer in the stated time; the outcome is unknown
├── KeyNotFound
├── MechanismUnsupported
└── SoftwareKeysRefused     software keys never start in production
```
"""


class HsmError(Exception):
    """Root of the room. `retriable` says whether the same call may succeed later without a person's help."""

    retriable: bool = False


class PinError(HsmError):
    """The PIN was not accepted; nothing was signed."""


class PinRefused(PinError):
    """Wrong PIN. No code retries: a few tries lock the device."""


class PinLastTry(PinError):
    """One try is left and nobody said yes to using it. The PIN was not sent."""


class PinLocked(PinError):
    """The PIN is locked. The device needs an unblock."""


class PinRequired(PinError):
    """The key demands its PIN and none was given."""


class DeviceError(HsmError):
    """The device did not do what was asked; nothing was signed unless the leaf says otherwise."""


class DeviceUnavailable(DeviceError):
    """Absent, removed, or its module does not answer."""

    retriable = True


class DeviceMismatch(DeviceError):
    """The device found is not the one asked for (label, serial)."""


class DeviceTimeout(DeviceError):
    """No answer in the stated time. Whether the device acted is unknown."""

    retriable = True


class KeyNotFound(HsmError):
    """No key of that id on the device."""


class MechanismUnsupported(HsmError):
    """The device or key cannot make this kind of signature."""


class SoftwareKeysRefused(HsmError):
    """Keys in memory were asked for in a production installation."""
