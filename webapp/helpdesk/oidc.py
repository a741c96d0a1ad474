"""Sign-in at the organisation's own issuer: OpenID Connect, code flow with PKCE, by Authlib.

An agent must exist here first. The first time, the issuer's verified mail address must be the agent's sign-in name;
from then on its subject counts alone, so that a mail address which goes to somebody else opens nothing.
No transaction is open while the issuer is asked.
"""

from typing import Any
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import abort, current_app, request, session
from joserfc.errors import JoseError
from requests import RequestException
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.helpdesk.agents import LOGIN_MAX
from webapp.helpdesk.invitations import desk_url
from webapp.helpdesk.room import Answer
from webapp.infrastructure.config import current_config
from webapp.infrastructure.fresh import extension
from webapp.infrastructure.logs import logger
from webapp.infrastructure.models import Agent
from webapp.infrastructure.security import allow_form_target

TIMEOUT = 10
_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
_STATE_PREFIX = "_state_issuer_"  # how Authlib calls in the session what it must know when the browser comes back


def name() -> str:
    """Return what the issuer is called, "" where there is none."""
    config = current_config()
    return (config.oidc_name or urlsplit(config.oidc_issuer).hostname or "") if config.oidc_issuer else ""


def _client() -> Any:
    return extension("helpdesk_oauth", OAuth, _oauth).issuer


def _oauth() -> Any:
    config = current_config()
    oauth = OAuth(current_app)
    oauth.register(
        "issuer",
        client_id=config.oidc_client_id,
        client_secret=config.oidc_client_secret,
        server_metadata_url=config.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256", "timeout": TIMEOUT},
    )
    return oauth


def allow_its_form() -> None:
    """Let the page's form lead to the issuer: browsers check a redirect after a form against form-action, too."""
    issuer = urlsplit(current_config().oidc_issuer)
    if issuer.netloc:
        allow_form_target(f"{issuer.scheme}://{issuer.netloc}")


def begun() -> list[str]:
    """Return what the session holds of sign-ins that have not come back."""
    return [name for name in session if name.startswith(_STATE_PREFIX)]


def is_begun(state: str) -> bool:
    """Whether this browser began the sign-in that comes back with `state`."""
    return _STATE_PREFIX + state in session


def redirect_to_issuer(endpoint: str, *, anew: bool = False) -> Answer:
    """Send the browser to the issuer; `anew`: which asks again, whoever is signed in there.

    Sign-ins that were begun and never ended are forgotten: they would add up.
    """
    for name in begun():
        session.pop(name)
    try:
        response: Answer = _client().authorize_redirect(
            desk_url(endpoint), **({"prompt": "login", "max_age": 0} if anew else {})
        )
    except (AuthlibBaseError, JoseError, RequestException, RuntimeError, ValueError) as error:
        logger.error("OpenID Connect: the issuer does not answer: %s", type(error).__name__)
        abort(503)
    return response


def claims() -> dict[str, Any] | None:
    """Return what the issuer says of the person at the browser, its signature, nonce and audience checked; or None."""
    try:
        _judge_metadata(_client().load_server_metadata())
        token = _client().authorize_access_token()
        found: dict[str, Any] = dict(token.get("userinfo") or {})
    except (AuthlibBaseError, JoseError, RequestException, RuntimeError, ValueError, KeyError) as error:
        logger.warning("OpenID Connect: sign-in refused: %s", type(error).__name__)
        return None
    return found if found.get("sub") else None


def _judge_metadata(metadata: dict[str, Any]) -> None:
    """Raise ValueError where the document or the answer is another issuer's; leave only algorithms with a key pair.

    The document is asked of the issuer, but does not vouch for itself (OpenID Connect Discovery 1.0 section 4.3, RFC
    9207 section 2.4).
    """
    issuer = current_config().oidc_issuer.rstrip("/")
    for said in (metadata.get("issuer"), request.args.get("iss", issuer)):
        if str(said).rstrip("/") != issuer:
            raise ValueError("another issuer")
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [name for name in offered if name in _ALGORITHMS]


def agent_from_answer(claimed: dict[str, Any] | None, session: Session) -> Agent | None:
    """Return the agent of these claims, linked to the subject from now on; None for nobody who may help."""
    if claimed is None:
        return None
    subject = f"{current_config().oidc_issuer} {claimed['sub']}"[:512]
    agent = session.scalar(select(Agent).where(Agent.oidc_subject == subject))
    if agent is None and claimed.get("email_verified") is True:
        login = str(claimed.get("email", "")).strip().lower()[:LOGIN_MAX]
        agent = session.scalar(select(Agent).where(Agent.login == login, Agent.oidc_subject.is_(None)))
        if agent is not None and agent.disabled_at is None:
            agent.oidc_subject = subject
    return agent if agent is not None and agent.disabled_at is None else None
