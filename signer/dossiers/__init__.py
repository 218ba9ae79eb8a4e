"""Dossiers and their documents: application files, opinions, minutes, decisions, licence status.

Here live the rules of the permit procedure (who sits in the committee, which opinion binds, what a licence
needs), the references that name documents, every revision of a document with its head, and the lease that
says who has a head in hand. Doors and jobs come in through the acts (`opening`, `opinions`, `minutes`,
`decisions`, `acceptance`, `licence_status`); ceremonies and preservation through the steps of `documents`
and `leases`. Nothing here signs, and no signature is judged here.
"""
