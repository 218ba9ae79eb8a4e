from signer.pades.errors import IntakeReason, IntakeRefused


def test_every_refusal_has_its_own_sentence() -> None:
    sentences = {str(IntakeRefused(reason)) for reason in IntakeReason}
    assert len(sentences) == len(IntakeReason)
