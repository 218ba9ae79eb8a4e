"""The register of the registration authority: territory, bodies, holders, dated offices, entitlement.

Ceremonies, verification, quota and officers' acts come in. Offices and their ends carry both times (in
effect, recorded) and are superseded, never edited. The room knows no key and no certificate, never shows a
full national id without a journal entry, and never keeps a party membership.
"""
