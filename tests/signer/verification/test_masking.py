import pytest

from signer.verification.masking import masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IDCMA-BE123456", "IDCMA-BE••••56"),
        ("Ahmed El Alaoui AB12345", "Ahmed El Alaoui AB••••45"),
        ("W1234", "W••••34"),
        ("Villa R+1, TF 53214/C", "Villa R+1, TF 53214/C"),
        ("\u202eevil\u2066", "evil"),
        ("a" * 300, "a" * 200),
    ],
)
def test_masked(text: str, expected: str) -> None:
    assert masked(text) == expected
