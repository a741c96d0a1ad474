"""Certificates for the fault server: a valid one, and one for each fault."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

HOSTNAME = "localhost"


class Certificates:
    """Server contexts by name, and the CA that clients trust. folder: for the files that Python's ssl needs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ca = trustme.CA()
        self._child = self._ca.create_child_ca()
        self.ca_file = folder / "fault-ca.pem"
        self._ca.cert_pem.write_to_path(self.ca_file)

    @cached_property
    def client_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._ca.configure_trust(context)
        return context

    def server_context(self, name: str) -> ssl.SSLContext:
        """Return the context of `name`: a method of this class without its underscore, "-" for "_"."""
        made: Callable[[], ssl.SSLContext] = getattr(self, "_" + name.replace("-", "_"))
        return made()

    def _ok(self) -> ssl.SSLContext:
        return _context(self._ca.issue_cert(HOSTNAME, common_name=HOSTNAME))

    def _expired(self) -> ssl.SSLContext:
        now = datetime.now(UTC)
        return _context(
            self._ca.issue_cert(
                HOSTNAME,
                common_name=HOSTNAME,
                not_before=now - timedelta(days=30),
                not_after=now - timedelta(days=3),
            )
        )

    def _not_yet_valid(self) -> ssl.SSLContext:
        now = datetime.now(UTC)
        return _context(
            self._ca.issue_cert(HOSTNAME, not_before=now + timedelta(days=2), not_after=now + timedelta(days=30))
        )

    def _wrong_host(self) -> ssl.SSLContext:
        return _context(self._ca.issue_cert("pop.example.test", common_name="pop.example.test"))

    def _untrusted(self) -> ssl.SSLContext:
        """Unknown authority, leaf only: what a local TLS scanner shows."""
        return _context(trustme.CA(organization_name="Test Scanner").issue_cert(HOSTNAME))

    def _untrusted_chain(self) -> ssl.SSLContext:
        """A complete chain under an unknown root; the leaf has the URL of its issuer."""
        child = trustme.CA().create_child_ca()
        return self._pem_context(_leaf(child), child)

    def _chain_incomplete(self) -> ssl.SSLContext:
        return self._pem_context(_leaf(self._child))

    def _self_signed(self) -> ssl.SSLContext:
        return self._pem_context(_leaf(None))

    def _old_tls(self) -> ssl.SSLContext:
        """TLS 1.1 at most."""
        context = self._ok()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        return context

    def _pem_context(self, own: bytes, *others: trustme.CA) -> ssl.SSLContext:
        file = self._folder / "certificate.pem"
        file.write_bytes(own + b"".join(other.cert_pem.bytes() for other in others))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def _leaf(issuer: trustme.CA | None) -> bytes:
    """Return key and certificate in PEM with the URL of the issuer; None for self-signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOSTNAME)])
    issuer_name, signing_key = name, key
    extensions: Sequence[x509.ExtensionType] = [x509.SubjectAlternativeName([x509.DNSName(HOSTNAME)])]
    if issuer is not None:
        issuer_name = x509.load_pem_x509_certificate(issuer.cert_pem.bytes()).subject
        loaded = serialization.load_pem_private_key(issuer.private_key_pem.bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        signing_key = loaded
        place = x509.UniformResourceIdentifier("http://ca.example.test/issuer.crt")
        described = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)
        extensions = [*extensions, x509.AuthorityInformationAccess([described])]
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    certificate = builder.sign(signing_key, hashes.SHA256())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
