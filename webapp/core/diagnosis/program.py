"""Causes that show in mail programs only, never in our test: settings, files, defaults."""

from __future__ import annotations

from webapp.core.diagnosis.entry import Diagnosis, OnlyWith, entry
from webapp.core.text import N_

ENTRIES: tuple[Diagnosis, ...] = (
    entry(
        "sending-login-off",
        title=N_("Your mail program does not log in for sending"),
        why=N_(
            "%(provider)s accepts mail only after a login. For sending it is switched on separately in many "
            "programs, and it is missing there."
        ),
        advice=(
            N_(
                "Outlook: account settings, “More settings”, “Outgoing server”: tick “My outgoing server (SMTP) "
                "requires authentication” and “Use same settings as my incoming mail server”."
            ),
            OnlyWith(
                "by_whole_address",
                N_(
                    "Thunderbird: account settings, “Outgoing server (SMTP)”, “Edit”: authentication “Normal "
                    "password”, user name your whole %(provider)s address."
                ),
                N_(
                    "Thunderbird: account settings, “Outgoing server (SMTP)”, “Edit”: authentication “Normal "
                    "password”, the same user name as for receiving."
                ),
            ),
            N_("In other programs look for “Login for sending” or “SMTP authentication” and choose “password”."),
        ),
        say=N_("The program does not log in for sending. We switch that on."),
        ask=N_("Which mail program and which version do you have?"),
        see="pop3-server-data",
    ),
    entry(
        "old-password-saved",
        title=N_("Your mail program still uses an old password"),
        why=N_(
            "After a change at %(provider)s every program must learn the new password, for receiving and for "
            "sending. A saved old one is tried again and again, and that can lead to a lock."
        ),
        advice=(
            N_("Log in at %(website)s in the browser to be sure which password is right."),
            N_("Delete the saved password in your mail program, and enter the new one when it asks."),
            OnlyWith("app_password", N_("With two-factor login enter the app password, not your usual one.")),
            N_("Do the same on all other devices."),
        ),
        say=N_("The program still has an old password. We delete it and enter the new one."),
        ask=N_("Have you changed your %(provider)s password or switched on two-factor login lately?"),
    ),
    entry(
        "mails-vanish",
        title=N_("Your messages vanish from %(provider)s"),
        why=N_(
            "%(provider)s does not delete them. Your mail program does: it fetches messages and removes them from the "
            "server, at once or after some days. What it has fetched is on that device."
        ),
        advice=(
            N_("Fetch no more mail until it is set right, and delete nothing on that device."),
            N_(
                "Outlook: account settings, “More settings”, “Advanced”: tick “Leave a copy of messages on the "
                "server” and remove the tick for the days."
            ),
            N_(
                "Thunderbird: account settings, “Server settings”: tick “Leave messages on server” and remove the"
                " ticks below."
            ),
            N_(
                "Apple Mail on the Mac: settings, accounts, account information: switch off removing the copy "
                "from the server."
            ),
            N_("Look into trash and spam folder at %(website)s too."),
        ),
        say=N_(
            "Your messages are most probably on the device that fetched them. We now set the program so that "
            "they also stay at %(provider)s."
        ),
        ask=N_("Which of your devices fetched mail last?"),
    ),
    entry(
        "mails-twice",
        title=N_("Your messages arrive twice"),
        why=N_(
            "The mail program has lost its list of what it already has. It happens after setting the account "
            "up again, after a broken fetch or when the same account exists twice."
        ),
        advice=(
            N_(
                "See whether your %(provider)s address stands twice in the account list. If so, remove one, but "
                "save its messages first."
            ),
            N_("Let one fetch run through to the end. After that nothing should arrive twice."),
            N_("Delete the copies on your device, not at %(provider)s."),
        ),
        say=N_("The program no longer knew what it already had. Nothing is lost."),
        ask=N_("Is your %(provider)s address in the account list once or twice?"),
    ),
    entry(
        "mails-missing",
        title=N_("Some of your messages do not arrive in the mail program"),
        why=N_(
            "POP3 fetches only the inbox. Messages in the spam folder, in your own folders and the sent ones stay"
            " at %(provider)s. What another device has fetched and deleted is missing too."
        ),
        advice=(
            N_("Look for the message at %(website)s in the browser, also in the spam folder."),
            N_("Move it to the inbox there. Then fetch your mail again."),
            N_("If you want all folders on all devices, set up IMAP instead of POP3."),
        ),
        say=N_("POP3 fetches only the inbox. We look at %(provider)s where the message lies."),
        ask=N_("Do you find the message at %(website)s, perhaps in the spam folder?"),
        see="spam",
    ),
    entry(
        "imap-chosen",
        title=N_("Your account was set up with IMAP instead of POP3"),
        why=N_(
            "Many programs choose IMAP by themselves. It works too: then all messages stay at %(provider)s and every "
            "device shows the same. The kind of an account cannot be changed later."
        ),
        advice=(
            N_("If you use several devices, leave it at IMAP."),
            N_(
                "If you want POP3, add the account once more: choose “set up manually” and then “POP3”. When it "
                "works, remove the IMAP account."
            ),
        ),
        say=N_("The program took IMAP. That is no mistake. With several devices it is even better."),
        ask=N_("On how many devices do you read your mail?"),
        see="overview",
    ),
    entry(
        "pop-not-offered",
        title=N_("Your mail program does not offer POP3"),
        why=N_(
            "Some programs hide POP3 or do not know it, for example some versions of the new Outlook and mail "
            "apps on phones."
        ),
        advice=(
            N_("Look for “advanced setup”, “set up manually” or “choose provider”. POP3 is often behind it."),
            N_("New Outlook: go back to the classic Outlook with the switch “New Outlook”, if it is there."),
            N_("Or set up IMAP, or use Thunderbird, which knows POP3."),
        ),
        say=N_("This program does not show POP3. We see whether it is hidden or use another way."),
        ask=N_("What exactly is the program called, and what does its menu “About” show?"),
    ),
    entry(
        "account-exists",
        title=N_("This account is already set up"),
        why=N_("The program knows your address already, perhaps as an IMAP account or from an earlier attempt."),
        advice=(
            N_("Look for your %(provider)s address in the account list. If mail arrives there, you are done."),
            N_("If not, save the messages of the old account, remove it and set it up again."),
            N_("Careful: removing a POP3 account can delete its messages from the device."),
        ),
        say=N_("The program has this account already. We look at what is there before we remove anything."),
        ask=N_("Do messages arrive in the account that is already there?"),
    ),
    entry(
        "profile-expired",
        title=N_("The downloaded profile is gone"),
        why=N_(
            "iPhone and iPad keep a downloaded profile for only 8 minutes, and only one at a time. After that it "
            "must be downloaded again."
        ),
        advice=(
            N_("Open the page with your file once more, in Safari. Tap “Download the file”."),
            N_("Go to Settings at once: “Profile Downloaded”, “Install”."),
            N_("Install it at home if “Stolen Device Protection” is on."),
        ),
        say=N_(
            "The iPhone has thrown the profile away after 8 minutes. We download it once more and install it at once."
        ),
        ask=N_("Do you see “Profile Downloaded” at the top of Settings?"),
    ),
    entry(
        "profile-not-installed",
        title=N_("The profile cannot be installed"),
        why=N_(
            "Either the browser only saved the file, or the device forbids new profiles, or another profile of "
            "the same account is there already."
        ),
        advice=(
            N_("iPhone and iPad: open the page in Safari and download the file there."),
            N_(
                "Mac: double-click the file in “Downloads”, then open System Settings, “General”, “Device "
                "Management” (macOS 13 and 14: “Privacy & Security”, “Profiles”)."
            ),
            N_("“Not signed” is only a warning. The file is the one you made here; you may go on."),
            N_("On a work device, or with Lockdown Mode on, set the account up by hand."),
        ),
        say=N_("The profile could not be installed. We try it with Safari, and otherwise by hand."),
        ask=N_("With which browser did you open the page, and on which device?"),
    ),
    entry(
        "not-online",
        title=N_("Your mail program works offline"),
        why=N_(
            "Either the device has no internet connection, or offline mode is switched on in the program. It "
            "has nothing to do with your password."
        ),
        advice=(
            N_("Open %(website)s in your browser. If it does not open, check Wi-Fi or cable."),
            N_(
                "Outlook: tab “Send/Receive”, button “Work Offline”. Thunderbird: menu “File”, “Offline”, remove "
                "the tick."
            ),
            N_("On the phone, switch flight mode off."),
        ),
        say=N_("The program is offline. We put it online again."),
        ask=N_("Does %(website)s open in your browser?"),
    ),
    entry(
        "program-damaged",
        title=N_("Your mail program has trouble with its own files"),
        why=N_(
            "%(provider)s and your password are not the cause. The data file of the program is damaged, full or "
            "open in another program. Your messages at %(provider)s are safe."
        ),
        advice=(
            N_("Close the program, restart the device and see whether there is free disk space."),
            N_("Make a copy of your data before you repair anything."),
            N_(
                "Outlook: Control Panel, “Mail”, “Data Files”: note the place of the file. Then run “Inbox Repair"
                " Tool” (ScanPST.exe)."
            ),
            N_("Or make a new profile (Control Panel, “Mail”, “Show Profiles”) and set the account up there."),
        ),
        say=N_("The trouble is on the device, not at %(provider)s. Your messages there are safe."),
        ask=N_("Do you have a copy of your messages, and how much disk space is free?"),
    ),
    entry(
        "configuration-not-read",
        title=N_("The program cannot read its file, or not write into its folder"),
        why=N_(
            "It has not even asked %(provider)s yet. The file lies in another place, others may read it too, a line in "
            "it is wrong, or the folder for the mail is missing."
        ),
        advice=(
            N_("Make the file anew and put it into its place with the command of the guide: it sets the rights, too."),
            N_("Make the folder for the mail once more, with the command of the guide."),
            N_("Start the program as yourself, without sudo, and only once."),
            N_("If you changed lines by hand, look at the line whose number the program names."),
        ),
        say=N_("The program does not get along with its file. We put it into its place once more."),
        ask=N_("Which file and which line does the program name?"),
    ),
    entry(
        "exception-asked",
        title=N_("Your mail program asks whether it may trust the server"),
        why=N_(
            "The certificate, the identity card of the server, does not match. The server name can be misspelt, "
            "the clock can be wrong, a virus scanner can stand in between, and it can be an attack."
        ),
        advice=(
            N_("Choose “Cancel” or “No”. Confirm no exception and do not trust the certificate."),
            N_("Compare the server names letter by letter: %(pop3)s for receiving, %(smtp)s for sending."),
            N_("Check date and time of your device."),
            N_("Switch off the e-mail check of your virus scanner, or use another network."),
        ),
        say=N_("Please choose “Cancel”. Then we find out what is wrong with the certificate."),
        ask=N_("Which server name does the message show?"),
        see="pop3-server-data",
    ),
)
