"""A founded authority for these tests."""

from tests.pki.ca.fixtures import house, records, rsa_house, rsa_template, template

__all__ = ["house", "records", "rsa_house", "rsa_template", "template"]
