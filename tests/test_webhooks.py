"""A signed message can be checked by whoever knows the secret."""

from __future__ import annotations

from webapp.webhooks import signature, signed_headers

BODY = b'{"test": 2432232314}'


def test_signs_the_example_of_the_specification() -> None:
    """Test vector of the reference libraries of Standard Webhooks."""
    secret, message, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    assert signed_headers(secret, message, BODY, now=at) == {
        "Webhook-Id": message,
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_without_the_prefix_is_its_own_octets() -> None:
    made = {signature(secret, "msg_1", "1", BODY) for secret in ("plain", "whsec_cGxhaW4=")}
    assert len(made) == 1


def test_a_secret_that_only_looks_like_base64_is_taken_as_it_is() -> None:
    assert signature("whsec_ä?", "msg_1", "1", BODY) != signature("whsec_ö?", "msg_1", "1", BODY)
