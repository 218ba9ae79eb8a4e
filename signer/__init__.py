"""Documents, their signatures, their life.

Order inside the room: verification, preservation -> ceremonies -> dossiers -> pades, rendering.
No holder's private key ever enters it: values come from the agent on the signer's own PC.
"""
