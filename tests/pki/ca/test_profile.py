"""Profiles: data, checked when loaded."""

from importlib.resources import files

import pytest

from pki.ca.errors import ProfileRefused
from pki.ca.profile import CertificatePurpose, Usage, built_in_profiles, parse_profile

TEXT = (files("pki.ca") / "profiles" / "holder-signature.toml").read_text("utf-8")
TSA = (files("pki.ca") / "profiles" / "tsa.toml").read_text("utf-8")


def test_built_in_profiles_are_complete() -> None:
    names = {"root", "issuing", "ocsp", "tsa", "manifest", "seal", "holder-signature", "holder-authentication"}
    assert built_in_profiles().keys() == names
    signature = built_in_profiles()["holder-signature"]
    assert signature.purpose is CertificatePurpose.SIGNATURE
    assert signature.key_usage == {Usage.CONTENT_COMMITMENT}
    assert built_in_profiles()["issuing"].path_length == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('purpose = "signature"', 'purpose = "signature"\nsurprise = 1'),
        ('signed_by = "issuing"', ""),
        ('signed_by = "issuing"', 'signed_by = "nobody"'),
        ("validity_days = 730", "validity_days = 0"),
        ("validity_days = 730", 'validity_days = "730"'),
        ("validity_days = 730", "validity_days = true"),
        ('key_usage = ["content-commitment"]', 'key_usage = ["content-commitment", "digital-signature"]'),
        ('key_usage = ["content-commitment"]', 'key_usage = ["key-cert-sign"]'),
        ('key_usage = ["content-commitment"]', 'key_usage = "content-commitment"'),
        ('key_usage = ["content-commitment"]', 'key_usage = ["everything"]'),
        ("rehearsal = [", "elsewhere = ["),
        ('production = ["2.25.11195762278625184810046093617231711715"]', "production = []"),
        (
            'production = ["2.25.11195762278625184810046093617231711715"]',
            'production = ["2.25.36905827554372502670504736426947706358"]',
        ),
        ("status = [", "path_length = 0\nstatus = ["),
        ("status = [", "ocsp_no_check = true\nstatus = ["),
        ("name =", "name"),
    ],
)
def test_each_deviation_is_refused(before: str, after: str) -> None:
    parse_profile(TEXT, name="good")
    assert before in TEXT
    with pytest.raises(ProfileRefused):
        parse_profile(TEXT.replace(before, after), name="bad")


def test_time_stamping_is_critical() -> None:
    with pytest.raises(ProfileRefused):
        parse_profile(TSA.replace("extended_key_usage_critical = true", ""), name="bad")
