"""Signing of Apple profiles with the operator's certificate: CMS, RFC 5652, the profile inside, SHA-256.

A signed profile shows the host's name and "Verified" instead of "Not Signed". The core writes the XML; whoever serves
the file calls `signed`.

The certificate is reloaded when its files change, so a renewal needs no restart. `check` refuses a permanently invalid
configuration at start; a later error costs the signature, not the download.
"""

import functools
import itertools
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7

from webapp.core.clients import Export
from webapp.core.text import N_, InputError, Message
from webapp.infrastructure.config import Config, current_config, variable
from webapp.infrastructure.config_values import refuse

MEDIA_TYPE = "application/x-apple-aspen-config"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_CERT, _KEY = variable("profile_signing_cert"), variable("profile_signing_key")

logger = logging.getLogger("webapp.infrastructure.signing")


@dataclass(frozen=True, slots=True)
class Identity:
    """A key and its certificate chain without the root."""

    key: PrivateKey
    chain: tuple[x509.Certificate, ...]

    @property
    def certificate(self) -> x509.Certificate:
        return self.chain[0]

    def problem(self, now: datetime) -> Message | None:
        """Return why the certificate is invalid at `now`, or None."""
        certificate = self.certificate
        dates = {"setting": _CERT, "date": certificate.not_valid_after_utc.date().isoformat()}
        if now > certificate.not_valid_after_utc:
            return Message(N_("%(setting)s: the certificate expired on %(date)s. It can sign no Apple profile."), dates)
        if now < certificate.not_valid_before_utc:
            dates["date"] = certificate.not_valid_before_utc.date().isoformat()
            return Message(
                N_("%(setting)s: the certificate is valid from %(date)s on. Until then it can sign no Apple profile."),
                dates,
            )
        return None

    def sign(self, content: bytes) -> bytes:
        """Return `content` signed, DER. Not deterministic: it contains the signing time."""
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
        builder = builder.add_signer(self.certificate, self.key, hashes.SHA256())
        for certificate in self.chain[1:]:
            builder = builder.add_certificate(certificate)  # after set_data and add_signer, which would drop it
        # Binary: otherwise line ends become CRLF.
        return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCapabilities])


def load(cert: Path, key: Path) -> Identity:
    """Return the identity in two PEM files: leaf first, then intermediates; an unencrypted key.

    Raises InputError for an unreadable file, a key that does not match, a chain out of order, and a self-signed
    certificate: devices show that in red, which is worse than unsigned.
    """
    certificates = _certificates(cert)
    leaf = certificates[0]
    if _is_self_signed(leaf):
        raise refuse(
            _CERT, N_("%(setting)s: the certificate signs itself, so no device trusts it. Take one from an authority.")
        )
    private_key = _private_key(key)
    if private_key.public_key() != leaf.public_key():
        raise refuse(_KEY, N_("%(setting)s: the key does not belong to the first certificate in %(cert)s."), cert=_CERT)
    for certificate, issuer in itertools.pairwise(certificates):
        if not _is_issued_by(certificate, issuer):
            raise refuse(
                _CERT,
                N_("%(setting)s: the certificates are out of order. Yours comes first, then each one's issuer."),
            )
    return Identity(private_key, tuple(c for c in certificates if not _is_self_signed(c)))


def check(config: Config) -> list[Message]:
    """Return warnings about the certificate at start; raises InputError where it is permanently invalid.

    Expiry is a warning: the site must start even if a renewal has failed.
    """
    if config.profile_signing_cert is None or config.profile_signing_key is None:
        return []
    identity = load(config.profile_signing_cert, config.profile_signing_key)
    warnings = []
    if problem := identity.problem(datetime.now(UTC)):
        warnings.append(problem)
    if len(identity.chain) == 1:
        warnings.append(
            Message(
                N_("%(setting)s holds no intermediate certificate. Most devices will not trust the signature without."),
                {"setting": _CERT},
            )
        )
    return warnings


def expires(config: Config) -> datetime | None:
    """Return when the certificate expires, None without one; raises InputError where it is invalid."""
    if config.profile_signing_cert is None or config.profile_signing_key is None:
        return None
    return load(config.profile_signing_cert, config.profile_signing_key).certificate.not_valid_after_utc


def sign(export: Export, config: Config) -> Export:
    """Return `export` signed; unchanged if it is no Apple profile or no certificate is configured.

    Raises InputError for an invalid certificate.
    """
    if export.media_type != MEDIA_TYPE or config.profile_signing_cert is None or config.profile_signing_key is None:
        return export
    identity = _signer(config.profile_signing_cert, config.profile_signing_key).identity()
    if problem := identity.problem(datetime.now(UTC)):
        raise InputError(problem)
    return replace(export, content=identity.sign(export.content))


def signed(export: Export) -> Export:
    """Return `export`, signed if possible; logs an error and falls back to unsigned, which installs with a warning.

    Needs an application context.
    """
    try:
        return sign(export, current_config())
    except InputError as error:
        _tell(str(error), int(time.monotonic()) // 60)
        return export


@functools.lru_cache(1)  # log once, also for a table of ten thousand people
def _tell(text: str, _minute: int) -> None:
    logger.warning("Apple profiles are sent unsigned: %s", text)


class _Signer:
    """The identity in two files, cached until one of them changes. Thread-safe."""

    def __init__(self, cert: Path, key: Path) -> None:
        self._files = (cert, key)
        self._lock = threading.Lock()
        self._seen: object = None
        self._identity: Identity | InputError | None = None

    def identity(self) -> Identity:
        """Return the current identity; raises InputError if it is invalid."""
        with self._lock:
            now = tuple(map(_state, self._files))
            if self._identity is None or now != self._seen:
                try:
                    self._identity = load(*self._files)
                except InputError as error:
                    self._identity = error
                self._seen = now
            found = self._identity
        if isinstance(found, InputError):
            raise InputError(found.message)  # a new one: a cached exception would keep its frames alive
        return found


@functools.cache
def _signer(cert: Path, key: Path) -> _Signer:
    return _Signer(cert, key)


def _state(file: Path) -> tuple[int, ...] | None:
    """Return what changes when a file is written or replaced; follows symlinks, which renewals move."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def _read(setting: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise refuse(setting, N_("%(setting)s: “%(path)s” cannot be read."), path=str(file)) from error


def _certificates(file: Path) -> Sequence[x509.Certificate]:
    content = _read(_CERT, file)
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise refuse(_CERT, N_("%(setting)s: “%(path)s” holds no certificate in PEM."), path=str(file)) from error


def _private_key(file: Path) -> PrivateKey:
    content = _read(_KEY, file)
    try:
        key = load_pem_private_key(content, None)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:  # TypeError: encrypted with a passphrase
        raise refuse(
            _KEY, N_("%(setting)s: “%(path)s” holds no key in PEM without a passphrase."), path=str(file)
        ) from error
    if not isinstance(key, PrivateKey):
        raise refuse(_KEY, N_("%(setting)s: only RSA and EC keys can sign a profile."))
    return key


def _is_self_signed(certificate: x509.Certificate) -> bool:
    return certificate.issuer == certificate.subject and _is_issued_by(certificate, certificate)


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True
