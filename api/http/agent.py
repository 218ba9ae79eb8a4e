"""The signing agent: sessions by DPoP, manifest, items, values; enrolment."""
