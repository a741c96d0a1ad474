"""An entry of the catalogue: texts for people, and the patterns that match a stage."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from webapp.core.account import Server, ServerType
from webapp.core.probe.report import Failure, FailureKind, Protocol, Stage, Status, Vantage
from webapp.core.providers import Provider
from webapp.core.providers.types import SENTENCES
from webapp.core.text import N_, Message

ANYWHERE = frozenset(Vantage)
ON_THIS_COMPUTER = frozenset({Vantage.THIS_COMPUTER})
ON_OUR_SERVER = frozenset({Vantage.SERVER})

OPENING = frozenset({"resolve", "connect", "tls", "greeting"})
BEFORE_LOGIN = OPENING | {"capa", "ehlo", "stls", "starttls"}
ENVELOPE = frozenset({"mail", "rcpt", "data"})
LOOKS = frozenset({"look", "look_again"})  # stages of a full circle


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A pattern for a failed stage; all given conditions must match. `Sign()` matches every failed stage.

    stages: stage ids, empty for all. reply: regular expression, searched in the server's reply without case.
    detail: facts of the stage, name and value.
    """

    kinds: frozenset[FailureKind] = frozenset(FailureKind)
    protocol: Protocol | None = None
    stages: frozenset[str] = frozenset()
    reply: str | None = None
    detail: tuple[tuple[str, str | int | bool], ...] = ()

    def fits(self, stage: Stage) -> bool:
        failure = stage.failure or Failure(FailureKind.UNEXPECTED)
        return (
            failure.kind in self.kinds
            and self.protocol in (None, stage.protocol)
            and (not self.stages or stage.stage in self.stages)
            and (self.reply is None or re.search(self.reply, failure.reply or "", re.IGNORECASE) is not None)
            and all(stage.detail.get(name) == value for name, value in self.detail)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A cause, in words for the person and for the agent. `for_provider` fills in what differs between providers.

    title: what happened. advice: in the order to try. see: a topic of `Provider.help_links`.
    say, ask: the agent's next sentence and next question.
    vantages: where the test must have run; our server does not see a person's own network.
    signs: patterns for a failed stage, one must match. remark: predicate for a stage that did not fail.
    Without either, the cause shows in mail programs only, never in our test.
    """

    id: str
    title: Message
    why: Message
    advice: tuple[Message, ...]
    conditions: Mapping[str, OnlyWith]  # by msgid
    own_why: str  # a topic of `Provider.sentences` that stands in the place of `why`; "" for none
    say: Message
    ask: Message
    see: str | None
    vantages: frozenset[Vantage]
    signs: tuple[Sign, ...]
    remark: Callable[[Stage], bool] | None

    def explains(self, stage: Stage, vantage: Vantage) -> bool:
        """Whether this diagnosis matches `stage`; never one that did not run."""
        if vantage not in self.vantages:
            return False
        if stage.status is Status.FAILED:
            return any(sign.fits(stage) for sign in self.signs)
        ended = stage.status in (Status.PASSED, Status.WARNING)
        return ended and self.remark is not None and self.remark(stage)

    def for_provider(self, provider: Provider) -> Diagnosis:
        """Return this diagnosis with the names of `provider`, and without what is not true of it."""
        names = names_of(provider)

        def said(message: Message) -> Message | None:
            condition = self.conditions.get(message.text)
            text = message.text if condition is None else condition.text_for(provider)
            return Message(text, names) if text else None

        return replace(
            self,
            title=said(self.title) or self.title,
            why=(provider.told(self.own_why) if self.own_why else None) or said(self.why) or self.why,
            advice=tuple(step for step in map(said, self.advice) if step),
            say=said(self.say) or self.say,
            ask=said(self.ask) or self.ask,
        )


# In the place of texts that name the ports which most providers have.
PORTS = N_("Receiving: %(pop3)s, %(reception)s. Sending: %(smtp)s, %(submission)s.")


@dataclass(frozen=True, slots=True)
class OnlyWith:
    """A text for providers that have something. otherwise: for the others, "" for none. Both are marked with `N_`.

    attribute: of `Provider`, or a topic of its sentences.
    """

    attribute: str
    text: str
    otherwise: str | OnlyWith = ""

    def text_for(self, provider: Provider) -> str:
        has = provider.told(self.attribute) if self.attribute in SENTENCES else getattr(provider, self.attribute)
        if has:
            return self.text
        return self.otherwise if isinstance(self.otherwise, str) else self.otherwise.text_for(provider)


def names_of(provider: Provider) -> Mapping[str, str | int | Message]:
    """Return what differs between providers; texts use it as %(provider)s and so on."""
    return {
        "provider": provider.name,
        "website": provider.website,
        "pop3": provider.server(ServerType.POP3).hostname,
        "smtp": provider.server(ServerType.SMTP).hostname,
        "guess": _wrong_guess(provider),
        "switch": " › ".join(provider.paths("activation")[0].steps) if provider.activation else "",
        "reception": _port(provider.server(ServerType.POP3)),
        "submission": _port(provider.server(ServerType.SMTP)),
    }


def _port(server: Server) -> Message:
    values: dict[str, str | int | Message] = {"port": server.port, "security": server.socket_type.label}
    return Message(N_("port %(port)s, “%(security)s”"), values)


def _text(text: str | OnlyWith) -> str:
    return text.text if isinstance(text, OnlyWith) else text


def entry(
    diagnosis_id: str,
    *,
    title: str,
    why: str,
    advice: Sequence[str | OnlyWith],
    say: str | OnlyWith,
    ask: str,
    own_why: str = "",
    see: str | None = None,
    vantages: frozenset[Vantage] = ANYWHERE,
    signs: tuple[Sign, ...] = (),
    remark: Callable[[Stage], bool] | None = None,
) -> Diagnosis:
    """Return a diagnosis from msgids marked with `N_`."""
    return Diagnosis(
        id=diagnosis_id,
        title=Message(title),
        why=Message(why),
        advice=tuple(Message(_text(step)) for step in advice),
        conditions={text.text: text for text in (*advice, say) if isinstance(text, OnlyWith)},
        own_why=own_why,
        say=Message(_text(say)),
        ask=Message(ask),
        see=see,
        vantages=vantages,
        signs=signs,
        remark=remark,
    )


def _wrong_guess(provider: Provider) -> str:
    """Return a server name that people make up from the domain, and that is none."""
    real = {server.hostname for server in provider.servers}
    guesses = [f"{word}.{provider.main_domain}" for word in ("pop", "mail", "pop3", "server")]
    return next((guess for guess in guesses if guess not in real), guesses[0])
