"""Ceremonies: one sitting in which one signer signs a closed list of documents with one device.

The server's side of the signing protocol: rules and leases when a ceremony opens, PDFs prepared, a ticket,
the agent's session, its manifest, its values, and finishing (time-stamp, embed, new head). The platform's
doors come in through `opening`, `ending` and `status`; the agent's through `sessions`, `manifests` and
`values`; jobs through `finishing` and `ending`. No private key of a holder is ever here, and nothing is
signed or rendered while a transaction is open.
"""
