"""Sealing: what opens with which key, and what never does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

import webapp
from webapp.infrastructure.config import Config
from webapp.infrastructure.sealing import (
    Sealer,
    SharedSealer,
    UnsealError,
    WorkerKey,
    derived_key,
    is_tagged_id,
    keyed_hash,
    keyed_hashes,
    new_tagged_id,
    seal,
    seal_to,
    sealed_anew,
    site_keys,
    unseal,
)

A, B, C = (bytes([number]) * 32 for number in (1, 2, 3))
SECRET = "a key of thirty-two characters, or more"
KINDS = pytest.mark.parametrize("kind", [Sealer, SharedSealer])

# Made by the version before this module, which did HKDF and the sealing by hand in five places.
OLD_KEY = "f28d87ae82c9e1bdc3382e06d2535c4df909de789b8dd0a1cd462248b1e16d8e"
OLD_LINK_KEY = "013d8b3866d9cf730cde2025244fd530bfdd5748109076096c81379b15ad3197"
OLD_SECRET = "079ea90372842bc7fd33da6abb9a1da830047a658dc804185235a65a2068e7c757e60e4c22ed6cd3fe495988"
OLD_CODE = "24da3a53bd0bee1da6825d0fb864bef5998aa643ac144147836216608e15255c"


def test_no_other_module_uses_a_cipher_or_derives_a_key() -> None:
    primitives = re.compile(r"\bhazmat\.primitives\.(ciphers|kdf|hpke|hmac|asymmetric\.x25519)\b|\bfernet\b")
    package = Path(webapp.__file__).parent
    found = {
        path.relative_to(package).as_posix() for path in package.rglob("*.py") if primitives.search(path.read_text())
    }
    assert found == {"infrastructure/sealing.py"}


# Keys


def test_keys_of_two_purposes_differ_and_follow_rfc_5869() -> None:
    expected = HKDF(SHA256(), 32, salt=b"gmx-pop-wizard", info=b"limits").derive(SECRET.encode())
    assert derived_key(SECRET, "limits") == expected
    assert derived_key(SECRET, "session cookie") != expected


def test_keys_are_those_of_the_version_before() -> None:
    assert derived_key(SECRET, "session cookie").hex() == OLD_KEY
    assert derived_key("A" * 22, "download link").hex() == OLD_LINK_KEY


def test_a_key_cannot_be_derived_from_nothing() -> None:
    with pytest.raises(ValueError, match="no secret key"):
        derived_key("", "limits")


def test_the_present_key_comes_before_the_former_ones() -> None:
    config = Config(secret_key="new", secret_key_fallbacks=("old", "older"))
    assert site_keys(config, "limits") == [derived_key(secret, "limits") for secret in ("new", "old", "older")]


def test_what_was_sealed_and_hashed_before_still_opens() -> None:
    config = Config(secret_key=SECRET)
    sealed = bytes.fromhex(OLD_SECRET)
    assert Sealer.of(config, "helpdesk totp").open(sealed, b"helpdesk totp") == b"JBSWY3DPEHPK3PXP"
    assert keyed_hash(config, "helpdesk code", "123456789").hex() == OLD_CODE


def test_something_short_is_looked_for_under_every_key() -> None:
    old, new = Config(secret_key="old"), Config(secret_key="new", secret_key_fallbacks=("old",))
    assert keyed_hashes(new, "code", "1") == [keyed_hash(new, "code", "1"), keyed_hash(old, "code", "1")]
    assert len({keyed_hash(new, "code", "1"), keyed_hash(old, "code", "1"), keyed_hash(new, "link", "1")}) == 3


def test_an_id_is_good_for_its_owner_alone_and_under_every_key() -> None:
    old, both, new = (
        Config(secret_key="old"),
        Config(secret_key="new", secret_key_fallbacks=("old",)),
        Config(secret_key="new"),
    )
    made = new_tagged_id(old, "tests", "anna")
    assert len(made) == 32
    assert len({new_tagged_id(old, "tests", "anna") for _ in range(50)}) == 50
    assert is_tagged_id(old, "tests", "anna", made)
    assert is_tagged_id(both, "tests", "anna", made)
    assert is_tagged_id(new, "tests", "anna", new_tagged_id(both, "tests", "anna"))
    for config, purpose, owner, text in (
        (new, "tests", "anna", made),
        (old, "other", "anna", made),
        (old, "tests", "otto", made),
        *((old, "tests", "anna", text) for text in ("", made[:-1], made + "A", "ä" * 32, made[:-4] + "AAAA")),
    ):
        assert not is_tagged_id(config, purpose, owner, text)


# Boxes


@KINDS
@given(plain=st.binary(max_size=300), about=st.binary(max_size=30))
def test_what_was_sealed_is_opened_unchanged(kind: type[Sealer], plain: bytes, about: bytes) -> None:
    for sealer in (kind(A), kind(A, B, C)):
        assert sealer.open(sealer.seal(plain, about), about) == plain


@KINDS
def test_the_same_never_looks_the_same_twice(kind: type[Sealer]) -> None:
    sealer = kind(A, B)
    assert len({sealer.seal(b"x") for _ in range(50)}) == 50


@KINDS
def test_nothing_opens_with_another_key_elsewhere_or_changed(kind: type[Sealer]) -> None:
    sealed = kind(A).seal(b"content", b"here")
    changed = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    cut = [sealed[:length] for length in range(len(sealed))]
    for opener, content, about in (
        (kind(B, C), sealed, b"here"),
        (kind(A), sealed, b"there"),
        (kind(A), sealed + b"x", b"here"),
        *((kind(A), other, b"here") for other in (*changed, *cut)),
    ):
        with pytest.raises(UnsealError):
            opener.open(content, about)
        with pytest.raises(UnsealError):
            opener.renewed(content, about)


@KINDS
@given(sealed=st.binary(max_size=200))
def test_nothing_invented_opens(kind: type[Sealer], sealed: bytes) -> None:
    with pytest.raises(UnsealError):
        kind(A, B).open(sealed)


def test_a_key_that_lives_in_one_process_is_its_own() -> None:
    sealed = Sealer.random().seal(b"x")
    with pytest.raises(UnsealError):
        Sealer.random().open(sealed)


def test_seals_with_the_first_key_and_opens_with_each() -> None:
    both = Sealer(B, A)
    assert both.open(Sealer(A).seal(b"old")) == b"old"
    assert Sealer(B).open(both.seal(b"new")) == b"new"
    with pytest.raises(UnsealError):
        Sealer(A).open(both.seal(b"new"))


def test_seals_anew_what_a_former_key_sealed_and_nothing_else() -> None:
    both, old = Sealer(B, A), Sealer(A).seal(b"x", b"here")
    renewed = both.renewed(old, b"here")
    assert renewed is not None
    assert Sealer(B).open(renewed, b"here") == b"x"
    assert both.renewed(renewed, b"here") is None
    assert Sealer(A).renewed(old, b"here") is None


def test_what_the_site_seals_opens_for_its_purpose_alone_and_anew_under_the_next_key() -> None:
    old, both = Config(secret_key="old"), Config(secret_key="new", secret_key_fallbacks=("old",))
    new = Config(secret_key="new")
    sealed = seal(old, "one", b"content")
    assert unseal(both, "one", sealed) == b"content"
    for config, purpose, content in ((both, "two", sealed), (new, "one", sealed), (both, "one", sealed[:5])):
        assert unseal(config, purpose, content) is None
        assert sealed_anew(config, purpose, content) == content
    assert unseal(both, "one", None) is None
    assert sealed_anew(old, "one", sealed) == sealed
    assert unseal(new, "one", sealed_anew(both, "one", sealed)) == b"content"


# Boxes for all keys


def test_what_is_sealed_for_every_key_opens_with_any_of_them() -> None:
    sealed = SharedSealer(B, A).seal(b"x", b"here")
    for key in (A, B):
        assert SharedSealer(key).open(sealed, b"here") == b"x"
    with pytest.raises(UnsealError):
        SharedSealer(C).open(sealed, b"here")


def test_a_key_of_the_day_survives_a_change_in_one_process_after_the_other() -> None:
    """Two processes know A; one is started with B before A, then the other; then both with B alone."""
    first, second = SharedSealer(A), SharedSealer(A)
    sealed = first.seal(b"key of the day", b"2026-11-25")
    first = SharedSealer(B, A)
    renewed = first.renewed(sealed, b"2026-11-25")
    assert renewed is not None
    assert second.open(renewed, b"2026-11-25") == b"key of the day"
    assert second.renewed(renewed, b"2026-11-25") is None  # and the box that it does not know stays
    assert first.renewed(renewed, b"2026-11-25") is None
    second = SharedSealer(B, A)
    assert second.renewed(renewed, b"2026-11-25") is None
    for last in (SharedSealer(B), SharedSealer(C, B)):
        assert last.open(renewed, b"2026-11-25") == b"key of the day"


def test_boxes_of_keys_that_nobody_here_knows_stay() -> None:
    sealed = SharedSealer(B, A).seal(b"x")
    renewed = SharedSealer(C, B).renewed(sealed)
    assert renewed is not None
    for key in (A, B, C):
        assert SharedSealer(key).open(renewed) == b"x"


# A worker's key


def test_only_the_workers_key_opens_what_is_sealed_to_it() -> None:
    worker, other = WorkerKey(), WorkerKey()
    sealed = seal_to(worker.public, b"password", b"job 1")
    assert worker.open(sealed, b"job 1") == b"password"
    assert seal_to(worker.public, b"password", b"job 1")[:32] != sealed[:32]
    for key, content, about in (
        (other, sealed, b"job 1"),
        (worker, sealed, b"job 2"),
        (worker, sealed[:-1] + bytes([sealed[-1] ^ 1]), b"job 1"),
        (worker, sealed[:20], b"job 1"),
        (worker, bytes(32) + sealed[32:], b"job 1"),  # a point of small order
        (worker, b"", b"job 1"),
    ):
        with pytest.raises(UnsealError):
            key.open(content, about)
