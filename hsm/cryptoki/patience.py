"""How long a call may take where neither the device's own speed nor ours decides."""

from typing import Final

PERSON_SECONDS: Final = 180.0
"""For a person at a PIN pad, and for one caller waiting for another one's person."""
GENERATION_SECONDS: Final = 300.0
"""A card may take minutes for RSA-4096."""
