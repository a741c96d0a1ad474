"""Causes around the mail program that no test of ours sees: the account, the password, devices, files, windows."""

from webapp.core.diagnosis.entry import Diagnosis, OnlyWith, entry
from webapp.core.text import N_

ENTRIES: tuple[Diagnosis, ...] = (
    entry(
        "password-not-ascii",
        title=N_("Your password has a letter that mail programs stumble over"),
        why=N_(
            "Umlauts, ß, § and € are sent in one way by the browser and in another by many mail programs and "
            "devices. Then the same password works on the website and nowhere else."
        ),
        advice=(
            N_("Log in at %(website)s and choose a new password: letters a to z, digits, and signs such as - or !"),
            N_("Make it long rather than odd: four words in a row are good."),
            N_("Enter the new password in every mail program, for receiving and for sending."),
        ),
        say=N_("There is a letter in your password that the program sends in another way. We choose a new one."),
        ask=N_("Do not tell me your password, but is there an umlaut, an ß, a § or a € in it?"),
    ),
    entry(
        "confirm-login",
        title=N_("%(provider)s wants to know that it is you"),
        why=N_(
            "Some providers ask once for each new browser: you confirm in an app or type in a code that comes by text "
            "message. It concerns the website only. Mail programs go on working with your usual password."
        ),
        own_why="unknown-browser",
        advice=(
            N_("Confirm it if it was you who logged in. If it was not, choose “No” and change your password at once."),
            OnlyWith(
                "app_password",
                N_("You need no app password for this. %(provider)s has app passwords only for two-factor login."),
            ),
            OnlyWith(
                "activation",
                N_("If your mail program is refused as well, look whether POP3 is switched on at %(provider)s."),
            ),
        ),
        say=N_("%(provider)s asks whether it is you who logs in. You confirm it once, then it is quiet."),
        ask=N_("Did the question come in the browser or in the mail program?"),
    ),
    entry(
        "mailbox-inactive",
        title=N_("%(provider)s has put your mailbox to sleep"),
        why=N_(
            "Where nobody logs in for several months, some providers warn by mail and then delete what is in the "
            "mailbox. Fetching by a mail program mostly counts as a login."
        ),
        own_why="inactive",
        advice=(
            N_("Log in at %(website)s in the browser and follow what %(provider)s shows."),
            OnlyWith(
                "activation", N_("Look there whether POP3 is still switched on. It can be off after a long time.")
            ),
            N_("Then fetch your mail. From now on every fetch keeps the mailbox awake."),
        ),
        say=N_("%(provider)s has put the mailbox to sleep because nobody used it. We wake it in the browser."),
        ask=N_("When did you last log in or fetch mail?"),
    ),
    entry(
        "wrong-family",
        title=N_("These servers do not belong to your address"),
        why=N_("Your address belongs to %(pop3)s and %(smtp)s. Servers of others do not know your mailbox."),
        own_why="other-servers",
        advice=(
            N_("Look how your address ends, and enter the servers that belong to it, for receiving and sending."),
            N_("Copy the names letter by letter. A name that was guessed leads to nobody, or to somebody else."),
        ),
        say=N_("The program has servers that do not belong to your address. We enter the right ones."),
        ask=N_("How does your address end, and which servers does the program show?"),
    ),
    entry(
        "device-only-sends",
        title=N_("A device that only sends: printer, scanner, NAS"),
        why=N_(
            "It needs four things: a server, a port with its encryption, the user name with the password, and "
            "a sender that is your own address. Mostly one of them is wrong."
        ),
        advice=(
            OnlyWith(
                "has_usual_ports",
                N_("Server: %(smtp)s. Port 465 with “SSL/TLS”, or port 587 with “STARTTLS”. Never port 25."),
                N_("Server: %(smtp)s, %(submission)s."),
            ),
            OnlyWith(
                "by_whole_address",
                N_(
                    "User name: your whole address. Sender (“From”): the same address, not one that the device made up."
                ),
                N_("User name: what stands before the @ of your address. Sender (“From”): the whole address."),
            ),
            OnlyWith("activation", N_("Switch POP3 and IMAP on at %(website)s: the switch counts for sending, too.")),
            OnlyWith("app_password", N_("With two-factor login enter the app password, not your usual one.")),
            N_("An old device that knows no TLS 1.2 cannot send there. Then let a computer or the router send for it."),
        ),
        say=N_("We compare four things on the device: server, port, user name and sender."),
        ask=N_("What exactly stands under sender, port and encryption on the device?"),
    ),
    entry(
        "gmail-fetches-no-more",
        title=N_("Gmail stops fetching mail from other providers"),
        why=N_(
            "Google ends it during 2026, for new users it is over. From then on no new mail arrives there. It is not "
            "your password, and nothing is lost: your mail is still at %(provider)s."
        ),
        advice=(
            N_("Read your mail at %(website)s until you have chosen a new way."),
            N_("Set the address up in a mail program: the Gmail app on a phone takes it by IMAP, Thunderbird by POP3."),
            N_("Or let %(provider)s forward new mail to your Gmail address."),
        ),
        say=N_("Google no longer fetches mail from others. We set the address up in a program on your device."),
        ask=N_("Where do you want to read your mail from now on: on the phone or on the computer?"),
    ),
    entry(
        "data-file-trouble",
        title=N_("Outlook cannot work with its data file"),
        why=N_(
            "Outlook keeps the mail that it fetched in a file whose name ends in .pst. If that file lies in OneDrive, "
            "is full or is damaged, Outlook hangs, fetches everything again or stores nothing."
        ),
        advice=(
            N_("Close Outlook and copy the .pst file to a safe place before you change anything."),
            N_("If it lies in a OneDrive folder, move it to a folder that only this computer has."),
            N_("Is it close to 50 GB? Then move old mail into a new data file."),
            N_("If Outlook says that it is damaged, run Microsoft's tool “ScanPST” on the copy first."),
        ),
        say=N_("Outlook has trouble with the file that holds your mail. First we make a copy of it."),
        ask=N_("Does the path of the data file contain the word OneDrive?"),
    ),
    entry(
        "window-in-the-way",
        title=N_("A window of Thunderbird is in the way"),
        why=N_(
            "Thunderbird shows a welcome window, an offer called Thundermail or a request for a donation. Until it is "
            "gone, the menu does not answer. None of them is needed for your %(provider)s address."
        ),
        advice=(
            N_("A tab with a request for a donation: close the tab."),
            N_("“Sign in with Thundermail”: not this button. Type your name and address in the fields below it."),
            N_("If the welcome window covers the menu, use the small icon at its top right that makes it small."),
            N_("“Account Hub” after the password: choose “Finish”."),
        ),
        say=N_("A window of Thunderbird is in the way. We put it aside, nothing happens to your mail."),
        ask=N_("What is written at the top of that window?"),
    ),
    entry(
        "file-not-taken",
        title=N_("The program does not take our file"),
        why=N_(
            "Mostly the file was double-clicked, unpacked or opened in another program. It has to be chosen inside "
            "the mail program, as the guide shows."
        ),
        advice=(
            N_("Neither unpack nor open the file. Start the mail program and follow the guide from its first step."),
            N_("Look whether the file is of the program you use: each program has its own."),
            N_("On Android: update the app. Older versions do not read the file or the QR code."),
            N_("Or enter the settings by hand. The guide shows that way too."),
        ),
        say=N_("The file has to be opened from inside the mail program. I show you where."),
        ask=N_("What did you do with the file, and which program answered?"),
    ),
)
