"""The status of certificates: local blocks, revocation, lists (CRL), online answers (OCSP), proofs for signatures.

`quota` and the wiring come in through `blocks` and `revocation`; jobs through `lists`; the responders through `ocsp`;
signing through `proofs`. A block stops a key here at once; a revocation is the authority's word to the world.
Knows no HTTP: requests and answers are bytes. Nothing is fetched from anywhere.
"""
