"""Sending: rejections of sender, recipient, rate and content."""

from __future__ import annotations

from webapp.core.diagnosis.entry import ENVELOPE, Diagnosis, OnlyWith, Sign, entry
from webapp.core.probe.report import FailureKind, Protocol
from webapp.core.text import N_

ENTRIES: tuple[Diagnosis, ...] = (
    entry(
        "sending-paused",
        title=N_("%(provider)s is not taking any mail from you at the moment"),
        why=N_(
            "Receiving and login work. %(provider)s sometimes holds a mailbox back for a time to protect it "
            "against abuse. It often passes by itself."
        ),
        advice=(
            N_("Wait two hours and send one single message."),
            N_("Log in at %(website)s in the browser and look for a notice of %(provider)s."),
            N_("If you have not sent these messages yourself, change your %(provider)s password in the browser."),
        ),
        say=N_("%(provider)s holds your sending back for a time. We wait and look for a notice in the browser."),
        ask=N_("Have you sent many messages today, or one to many people?"),
        see="error-codes",
        signs=(Sign(protocol=Protocol.SMTP, stages=ENVELOPE, reply=r"failure sending mail|try again later"),),
    ),
    entry(
        "too-many-mails",
        title=N_("Too many messages in a short time"),
        why=N_("%(provider)s limits how many messages a mailbox may send. After a pause it goes on."),
        advice=(
            N_("Wait some hours. Then send a few messages at a time."),
            N_("If you have not sent them yourself, change your %(provider)s password in the browser at once."),
        ),
        say=N_("You have reached the limit for sending. In a few hours it works again."),
        ask=N_("To how many people did you write today?"),
        see="error-codes",
        signs=(
            Sign(protocol=Protocol.SMTP, reply=r"rate limit|too many (?:messages|mails|recipients)|policy violation"),
        ),
    ),
    entry(
        "sender-not-allowed",
        title=N_("%(provider)s does not accept your sender address"),
        why=N_(
            "You may send only with your %(provider)s address or one of its other names (aliases). Many "
            "programs show just the first line “mailbox unavailable”, which leads on the wrong track."
        ),
        advice=(
            N_("Enter your %(provider)s address as sender in your mail program, letter by letter as at %(provider)s."),
            N_("With several accounts: make sure that each one sends through its own server."),
            N_("If it is an alias: see at %(website)s whether it belongs to this mailbox."),
        ),
        say=N_("The sender does not belong to this mailbox. We enter your %(provider)s address."),
        ask=N_("Which address is written in the field “From” or “E-mail address”?"),
        see="aliases",
        signs=(
            Sign(kinds=frozenset({FailureKind.REJECTED_SENDER})),
            Sign(protocol=Protocol.SMTP, reply=r"sender address is not allowed"),
        ),
    ),
    entry(
        "mail-exchanger-as-server",
        title=N_("The wrong server is set for sending"),
        why=N_("The server that answered takes mail from other providers and not from mail programs."),
        advice=(
            N_("Enter for sending: %(smtp)s, %(submission)s."),
            OnlyWith(
                "by_whole_address",
                N_("Switch the login for sending on, with your whole %(provider)s address and your password."),
                N_("Switch the login for sending on, with the same user name and password as for receiving."),
            ),
        ),
        say=N_("The server for sending is the wrong one. I read the right name out to you."),
        ask=N_("What is written in the field “outgoing server”?"),
        see="pop3-server-data",
    ),
    entry(
        "message-refused",
        title=N_("%(provider)s did not take this message"),
        why=N_(
            "Login and connection work. %(provider)s checks each message. This one is too large, or something in it "
            "is missing or wrong, such as the date or the sender. Old programs and devices make such mistakes."
        ),
        advice=(
            N_("Write a new, short message without an attachment and send it to yourself."),
            N_("Check date and time of the device."),
            N_("Install the updates of the mail program."),
        ),
        say=N_("The mailbox is fine. Only this one message was not accepted."),
        ask=N_("Does a short new message to yourself go through?"),
        see="error-codes",
        signs=(Sign(protocol=Protocol.SMTP, reply=r"transaction failed|policy restrictions"),),
    ),
    entry(
        "mailbox-full",
        title=N_("Your mailbox may be full"),
        why=N_(
            "%(provider)s accepts no message: there is no room left, or the message is too large. With a full "
            "mailbox you can neither receive nor send."
        ),
        advice=(
            N_("See at %(website)s in the browser how much room is left."),
            N_(
                "Delete large messages there and empty the trash. Before that, make sure that you have copies of "
                "what you need."
            ),
            N_("If there is room, send your message without the large attachment."),
        ),
        say=N_("There is probably no room left in your mailbox. We delete something together."),
        ask=N_("How much storage does %(website)s show as used?"),
        signs=(Sign(reply=r"(?:quota|storage|mailbox).{0,20}\b(?:exceeded|full)\b|^[45]52\b"),),
    ),
    entry(
        "recipient-refused",
        title=N_("%(provider)s did not accept sender or recipient"),
        why=N_(
            "The login was fine. Either an address is misspelt, or the sender does not belong to this mailbox. "
            "Many programs hide the line that would tell."
        ),
        advice=(
            N_("Compare the address of the recipient letter by letter."),
            N_("Enter your %(provider)s address as sender."),
            N_("Send a message to yourself. If it arrives, only the other address is wrong."),
        ),
        say=N_("You are logged in. One of the two addresses is not right."),
        ask=N_("Does a message to your own address arrive?"),
        see="error-codes",
        signs=(Sign(protocol=Protocol.SMTP, stages=ENVELOPE, kinds=frozenset({FailureKind.PERMANENTLY_REFUSED})),),
    ),
    entry(
        "sending-refused-for-now",
        title=N_("%(provider)s cannot send at the moment"),
        why=N_("%(provider)s answered and asked for patience. You have done nothing wrong."),
        advice=(
            N_("Leave the message in the outbox and wait an hour."),
            N_("Then send it once more."),
        ),
        say=N_("%(provider)s asks for patience. We leave the message in the outbox and wait."),
        ask=N_("Does receiving work?"),
        signs=(Sign(protocol=Protocol.SMTP, stages=ENVELOPE, kinds=frozenset({FailureKind.TEMPORARILY_UNAVAILABLE})),),
    ),
)
