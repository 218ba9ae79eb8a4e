"""Whom this installation trusts: anchors with dates, policies and environment; path validation; the trust list.

Registration of keys and the verification room come in through `anchors` and `paths`. A production installation
never holds a test anchor. Nothing is fetched, and revocation is not judged here (`pki.status`).
"""
