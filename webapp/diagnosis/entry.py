"""What an entry of the catalogue is: texts for people, and the signs by which a failed stage is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from webapp.account import ServerType
from webapp.probe.report import Failure, FailureKind, Protocol, Stage, Status, Vantage
from webapp.providers import Provider
from webapp.text import Message

# Names that differ between the families of servers. Texts use them as %(website)s, %(pop3)s and %(smtp)s.
GMX_NET: Mapping[str, str] = {"website": "www.gmx.net", "pop3": "pop.gmx.net", "smtp": "mail.gmx.net"}

ANYWHERE = frozenset(Vantage)
ON_THIS_COMPUTER = frozenset({Vantage.THIS_COMPUTER})
ON_OUR_SERVER = frozenset({Vantage.SERVER})

OPENING = frozenset({"resolve", "connect", "tls", "greeting"})
BEFORE_LOGIN = OPENING | {"capa", "ehlo", "stls", "starttls"}
ENVELOPE = frozenset({"mail", "rcpt", "data"})
LOOKS = frozenset({"look", "look_again"})  # of a full circle


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What a failed stage looks like; all that is given must hold. `Sign()` fits every failed stage.

    stages: stage ids, none for all. reply: a pattern searched in the server's reply, whatever the case.
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
    """A cause, in words for the person who has it and for the agent on the telephone.

    title says what happened. `advice` is in the order in which to try it. `see` is a topic of `Provider.help_links`.
    `say` is the sentence an agent says next, `ask` the question that leads on.
    vantages: from where a test must have dialled for this to be told; our server cannot know a person's own network.
    signs: how a failed stage shows this cause; one must fit. remark: how a stage that did not fail shows it.
    Without either, only a mail program shows the cause, never our test.
    """

    id: str
    title: Message
    why: Message
    advice: tuple[Message, ...]
    say: Message
    ask: Message
    see: str | None
    vantages: frozenset[Vantage]
    signs: tuple[Sign, ...]
    remark: Callable[[Stage], bool] | None

    def explains(self, stage: Stage, vantage: Vantage) -> bool:
        """Whether this is the cause of what `stage` shows; of a stage that did not run, nothing is."""
        if vantage not in self.vantages:
            return False
        if stage.status is Status.FAILED:
            return any(sign.fits(stage) for sign in self.signs)
        ended = stage.status in (Status.PASSED, Status.WARNING)
        return ended and self.remark is not None and self.remark(stage)

    def for_provider(self, provider: Provider | None) -> Diagnosis:
        """Return this diagnosis naming the website and the servers of `provider`; None leaves those of gmx.net."""
        if provider is None:
            return self
        names = {
            "website": provider.website,
            "pop3": provider.server(ServerType.POP3).hostname,
            "smtp": provider.server(ServerType.SMTP).hostname,
        }
        return replace(
            self,
            title=replace(self.title, values=names),
            why=replace(self.why, values=names),
            advice=tuple(replace(step, values=names) for step in self.advice),
            say=replace(self.say, values=names),
            ask=replace(self.ask, values=names),
        )


def entry(
    diagnosis_id: str,
    *,
    title: str,
    why: str,
    advice: Iterable[str],
    say: str,
    ask: str,
    see: str | None = None,
    vantages: frozenset[Vantage] = ANYWHERE,
    signs: tuple[Sign, ...] = (),
    remark: Callable[[Stage], bool] | None = None,
) -> Diagnosis:
    """Return a diagnosis from msgids marked with `N_`."""
    return Diagnosis(
        id=diagnosis_id,
        title=Message(title, GMX_NET),
        why=Message(why, GMX_NET),
        advice=tuple(Message(step, GMX_NET) for step in advice),
        say=Message(say, GMX_NET),
        ask=Message(ask, GMX_NET),
        see=see,
        vantages=vantages,
        signs=signs,
        remark=remark,
    )
