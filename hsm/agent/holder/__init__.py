"""The holder's own device, apart from signing documents: set up, made, presented, unlocked, given back.

Each act is the holder's, at his own PC, and can be begun again wherever it was cut. A signature key signs nothing
here but its certification request; proofs and the test signature use the authentication key. Secrets that a person
types go into exactly one call of the device.
"""
