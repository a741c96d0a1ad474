"""The second factor: codes of an authenticator app (TOTP, RFC 6238), passkeys (WebAuthn), recovery codes."""

import hmac
import ipaddress
import json
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pyotp
import webauthn
from flask import request
from sqlalchemy import delete, func, select
from webauthn.helpers import base64url_to_bytes, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from webapp.helpdesk.tokens import hashed
from webapp.infrastructure import db, sealing
from webapp.infrastructure.config import Config, current_config
from webapp.infrastructure.i18n import site_name
from webapp.infrastructure.models import Agent, AgentSession, Passkey, RecoveryCode

T = TypeVar("T")

STEP_SECONDS = 30
RECOVERY_CODES = 8
PASSKEYS_MAX = 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's, 5 bits each
_LOOKALIKES = str.maketrans("oil", "011")  # letters that the alphabet has not
_RECOVERY_LENGTH = 24  # 120 bits: needs no slow hash and no salt (ASVS 6.5.2), and no key of the site
_RECOVERY_GROUP = 6
_TOTP = "helpdesk totp"
# What webauthn raises for what is no answer of a passkey. RecursionError: JSON of a thousand brackets.
_NO_ANSWER = (WebAuthnException, ValueError, KeyError, TypeError, RecursionError)


# Authenticator app


def new_secret() -> str:
    """Return a new TOTP secret, base32, 160 bits as RFC 4226 section 4 recommends."""
    return pyotp.random_base32()


def sealed_secret(config: Config, secret: str) -> bytes:
    return sealing.seal(config, _TOTP, secret.encode())


def opened_secret(config: Config, sealed: bytes | None) -> str | None:
    plain = sealing.unseal(config, _TOTP, sealed)
    return plain.decode() if plain else None


def enrolment_uri(secret: str, login: str) -> str:
    """Return what the QR code says: an otpauth URI that authenticator apps read."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=site_name())


def accepted_step(secret: str, code: str, after: int, now: datetime | None = None) -> int | None:
    """Return the time step whose code this is, one step early or late included; None for a wrong or a used code."""
    digits = "".join(code.split())
    current = int((now or datetime.now(UTC)).timestamp()) // STEP_SECONDS
    generator = pyotp.TOTP(secret)
    for step in (current, current - 1, current + 1):
        if hmac.compare_digest(generator.generate_otp(step).encode(), digits.encode()) and step > after:
            return step
    return None


def check_totp(config: Config, agent: Agent, code: str) -> bool:
    """Whether `code` is good now, and use it up; `agent` is in a write transaction."""
    secret = opened_secret(config, agent.totp_secret)
    step = accepted_step(secret, code, agent.totp_step) if secret else None
    if step is None:
        return False
    agent.totp_secret, agent.totp_step = sealing.sealed_anew(config, _TOTP, agent.totp_secret or b""), step
    return True


def seal_secrets_anew(config: Config) -> None:
    """Seal every agent's secret with the present key, so that the former one can go."""
    with db.begin(config) as session:
        for agent in session.scalars(select(Agent).where(Agent.totp_secret.is_not(None))):
            agent.totp_secret = sealing.sealed_anew(config, _TOTP, agent.totp_secret or b"")


# Recovery codes


def new_recovery_codes(session: db.Session, agent: Agent) -> list[str]:
    """Replace the agent's recovery codes; return the new ones, which are shown once."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.agent_id == agent.id))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(code_hash=hashed(code), agent_id=agent.id) for code in codes)
    return ["-".join(re.findall(f".{{{_RECOVERY_GROUP}}}", code)) for code in codes]


def use_recovery_code(config: Config, session: db.Session, agent: Agent, code: str) -> bool:
    """Whether `code` is one of the agent's; it is gone then."""
    plain = "".join(code.split()).replace("-", "").lower().translate(_LOOKALIKES)
    former = sealing.keyed_hashes(config, "helpdesk recovery", f"{agent.id}\0{plain}")
    fits = RecoveryCode.code_hash.in_([hashed(plain), *former])
    gone = delete(RecoveryCode).where(RecoveryCode.agent_id == agent.id, fits)
    return bool(session.execute(gone).rowcount)  # type: ignore[attr-defined]


def recovery_codes_left(session: db.Session, agent_id: int) -> int:
    query = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.agent_id == agent_id)
    return session.scalar(query) or 0


def has_short_codes(session: db.Session, agent_id: int) -> bool:
    """Whether the agent has codes of the former kind: ten characters, kept under the key of the site."""
    query = select(RecoveryCode.agent_id).where(RecoveryCode.agent_id == agent_id, RecoveryCode.keyed).limit(1)
    return session.scalar(query) is not None


# Passkeys


def passkeys_work() -> bool:
    """Whether browsers allow passkeys here: on a host name, over https or on localhost, never on an IP address."""
    name = urlsplit(request.host_url).hostname or ""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name == _relying_party() and (current_config().https or name == "localhost")
    return False


def _relying_party() -> str:
    config = current_config()
    if urlsplit(request.host_url).hostname == "localhost" and not config.https:
        return "localhost"
    return config.helpdesk_host or config.public_host


def _origin() -> str:
    """Return the origin a passkey must have been used on: that of the settings, whatever the request says."""
    config = current_config()
    if not config.public_url or _relying_party() != (config.helpdesk_host or config.public_host):
        return f"http://{request.host}"
    parts = urlsplit(config.public_url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{_relying_party()}{port}"


def _is_framed(credential: str) -> bool:
    """Whether the passkey was used inside a page of somebody else. Raises one of _NO_ANSWER."""
    data = json.loads(credential)["response"]["clientDataJSON"]
    return bool(parse_client_data_json(base64url_to_bytes(data)).cross_origin)


def _judged(verify: Callable[..., T], challenge: bytes | None, credential: str, **known: Any) -> T | None:
    """Return what `verify` of webauthn finds in the answer of a passkey to our challenge; None for no good answer."""
    if not challenge:
        return None
    try:
        if _is_framed(credential):
            return None
        return verify(
            credential=credential, expected_challenge=challenge, expected_rp_id=_relying_party(),
            expected_origin=_origin(), **known,
        )  # fmt: skip
    except _NO_ANSWER:
        return None


def registration_options(session: db.Session, kept: AgentSession, agent: Agent) -> str:
    """Return what the browser needs to make a passkey, as JSON; the challenge is kept with the session."""
    options = webauthn.generate_registration_options(
        rp_id=_relying_party(),
        rp_name=site_name(),
        user_id=sealing.keyed_hash(current_config(), "passkey user", str(agent.id)),
        user_name=agent.login,
        user_display_name=agent.name,
        exclude_credentials=_descriptors(session, agent.id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    kept.challenge = options.challenge
    return webauthn.options_to_json(options)


def register(session: db.Session, kept: AgentSession, agent: Agent, credential: str, name: str) -> bool:
    """Keep the passkey which the browser made; False where it does not answer our challenge."""
    challenge, kept.challenge = kept.challenge, None
    made = _judged(webauthn.verify_registration_response, challenge, credential)
    if made is None or session.scalar(select(Passkey.id).where(Passkey.credential_id == made.credential_id)):
        return False
    session.add(
        Passkey(
            agent_id=agent.id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=name,
            created_at=datetime.now(UTC),
        )
    )
    return True


def authentication_options(session: db.Session, kept: AgentSession, agent_id: int) -> str:
    """Return what the browser needs to use one of the agent's passkeys, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=_relying_party(),
        allow_credentials=_descriptors(session, agent_id),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    kept.challenge = options.challenge
    return webauthn.options_to_json(options)


def authenticate(session: db.Session, kept: AgentSession, agent: Agent, credential: str) -> bool:
    """Whether a passkey of `agent` answered the challenge, which is used up either way."""
    challenge, kept.challenge = kept.challenge, None
    passkey = next((key for key in passkeys_of(session, agent.id) if _is_of(credential, key)), None)
    if passkey is None:
        return False
    known = {"credential_public_key": passkey.public_key, "credential_current_sign_count": passkey.sign_count}
    proof = _judged(webauthn.verify_authentication_response, challenge, credential, **known)
    if proof is None:
        return False
    passkey.sign_count, passkey.used_at = proof.new_sign_count, datetime.now(UTC)
    return True


def passkeys_of(session: db.Session, agent_id: int) -> list[Passkey]:
    return list(session.scalars(select(Passkey).where(Passkey.agent_id == agent_id).order_by(Passkey.id)))


def _descriptors(session: db.Session, agent_id: int) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=key.credential_id) for key in passkeys_of(session, agent_id)]


def _is_of(credential: str, passkey: Passkey) -> bool:
    try:
        parsed: Any = webauthn.helpers.parse_authentication_credential_json(credential)
    except _NO_ANSWER:
        return False
    return hmac.compare_digest(bytes(parsed.raw_id), passkey.credential_id)


def remove_all(session: db.Session, agent: Agent) -> None:
    """Take every second factor from the agent."""
    agent.totp_secret, agent.totp_step = None, 0
    for table in (Passkey, RecoveryCode):
        session.execute(delete(table).where(table.agent_id == agent.id))
