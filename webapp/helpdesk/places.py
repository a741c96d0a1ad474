"""Where a person can be beside the steps of wizard and guide, and what can be wrong in a field: closed words.

A place is a page of ours by its endpoint, or one that stops the person after a question, by its template. What to say
there names the word on the button.
"""

from collections.abc import Mapping

from webapp.core.text import N_

ENDPOINTS: Mapping[str, str] = {
    "advice.index": "advice",
    "advice.show": "advice",
    "check_file.index": "check-file",
    "connection_tests.circle": "test",
    "connection_tests.index": "test",
    "connection_tests.queue.show": "test-queue",
    "connection_tests.show": "result",
    "health.status": "status",
    "help.index": "help",
    "help.log": "help",
    "help.not_working": "not-working",
    "help.show": "help",
    "help.thanks": "help",
    "helpdesk.stored": "stored",
    "pages.accessibility": "about",
    "pages.imprint": "about",
    "pages.overview": "settings",
    "pages.privacy": "about",
    "pages.settings": "settings",
    "reports.index": "report",
    "wizard.adjust": "adjust",
    "wizard.done": "done",
    "wizard.finish": "finish",
    "wizard.switch": "switch",
}
LABELS: Mapping[str, str] = {
    "about": N_("Privacy, imprint or accessibility"),
    "address-elsewhere": N_("“This help is only for other addresses”"),
    "address-typo": N_("Question whether the address has a slip"),
    "adjust": N_("Change something"),
    "advice": N_("An article for the time after"),
    "check-file": N_("Check program for the own computer"),
    "devices-imap": N_("Note that the other device takes IMAP"),
    "devices-list": N_("List of the devices"),
    "done": N_("“It works”"),
    "finish": N_("File and values"),
    "help": N_("Help with messages"),
    "not-working": N_("“It does not work”"),
    "platform-elsewhere": N_("“This help is only for other addresses”"),
    "preparation-app-password": N_("App password at %(provider)s"),
    "program-ended": N_("Note that the program has ended"),
    "program-unknown": N_("Help to find the name of the program"),
    "report": N_("Explain a report"),
    "result": N_("Result of the test"),
    "retention-danger": N_("Question before anything is deleted"),
    "retention-plan": N_("Plan of the devices"),
    "settings": N_("Only the settings"),
    "status": N_("Does %(provider)s work?"),
    "stored": N_("What is stored about this help"),
    "switch": N_("The switch at %(provider)s, on another device"),
    "test": N_("Test the connection"),
    "test-queue": N_("Queue in front of the test"),
}
# What to say there, and what to ask, in the words that stand on the page.
SENTENCES: Mapping[str, tuple[str, str]] = {
    "address-elsewhere": (
        N_("That is not a %(provider)s address. Press “Enter another address”."),
        N_("What stands behind the @ in your address?"),
    ),
    "address-typo": (
        N_("Look at the address letter by letter. Is it right? Then press “Yes, continue with this address”."),
        N_("Which of the two addresses is right?"),
    ),
    "adjust": (
        N_("Change only what you want to change. Then press “Back to the guide”."),
        N_("What would you like to change?"),
    ),
    "done": (N_("Well done. Send a mail to yourself to be sure."), N_("Has the mail arrived?")),
    "finish": (N_("Press “To the first step”."), N_("Do you see the button?")),
    "help": (N_("Read me the message, word by word."), N_("Which message does your program show?")),
    "not-working": (N_("Read me the message, word by word."), N_("Do you see a message, or does nothing happen?")),
    "platform-elsewhere": (
        N_("Then your mail does not come from %(provider)s. Press “Enter another address”."),
        N_("On which page do you read your mail?"),
    ),
    "preparation-app-password": (
        N_("Create an app password at %(provider)s and write it down. Then press “I have the password”."),
        N_("Do you see the new password?"),
    ),
    "program-ended": (
        N_("Your program is not maintained any more. Press “Continue with Thunderbird”."),
        N_("Would you like Thunderbird?"),
    ),
    "program-unknown": (
        N_("Open your mail program and look at the very top of the window."),
        N_("Which name stands there?"),
    ),
    "retention-danger": (
        N_("Stop here: mail would be deleted. Press “Leave the mail at %(provider)s”."),
        N_("Do you want that?"),
    ),
    "switch": (N_("Do on the computer what the picture shows."), N_("Is POP3 switched on now?")),
    "test": (
        N_("Type your %(provider)s password yourself. Never tell it to me. Then press “Test the login now”."),
        N_("Are the small letters and capitals right?"),
    ),
    "test-queue": (N_("The test begins by itself. Leave the page open."), N_("Which place does the page show?")),
}
# What we say to who typed something wrong; the event keeps the word, never what was typed.
MISTAKES: Mapping[str, str] = {
    "telephone": N_("That is a telephone number. Type your e-mail address, such as %(example_address)s."),
    "no-domain": N_("Something is missing after the @. For example, %(example_domain)s stands there."),
    "nothing": N_("Enter your e-mail address."),
    "space": N_("The e-mail address contains a space. Remove it."),
    "sign": N_("The e-mail address contains a character that cannot be used. Type it once more."),
    "no-at": N_("Write the whole e-mail address, with @ and what follows, such as %(example_address)s."),
    "two-at": N_("The e-mail address contains more than one @. Enter a single address."),
    "umlaut": N_("The e-mail address contains an umlaut or a special character. Write it without."),
    "long": N_("The e-mail address is too long."),
    "before-at": N_(
        "The part before the @ is not right. Check for dots at the beginning or end and for two dots in a row."
    ),
    "after-at": N_("The part after the @ is not right. A right one is, for example, %(example_domain)s."),
    "choose": N_("Choose one of the answers"),
    "other": N_("Something is not right yet"),
}
OTHER_MISTAKE = "other"
