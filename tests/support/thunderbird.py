"""A headless Thunderbird with a throwaway profile, driven by Marionette.

`start(folder)` runs it on a profile folder, repeatedly if needed. No connection leaves this computer (a non-existent proxy
for all but localhost), no dialog waits for input (passwords come from the login manager), and it ends with this process
(PID namespace).

tests.support.thunderbird_profile reads the profile afterwards, without Thunderbird.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.marionette import Marionette, wait_for_port
from tests.support.own_network import HOME, OwnNetwork
from tests.support.requirements import need
from tests.support.thunderbird_profile import Mailbox, Value
from webapp.core.account import MailAccount

PROGRAM = Path("/usr/lib/thunderbird/thunderbird")
GERMAN = PROGRAM.parent / "extensions" / "langpack-de@thunderbird.mozilla.org.xpi"
START_SECONDS = 240  # on a machine whose other programs want every core

# Thunderbird restarts by starting a child and exiting: the namespace lasts until only its shell is left.
_UNTIL_ALL_ENDED = '"$@" & wait; while set -- /proc/[0-9]*; [ $# -gt 1 ]; do sleep 0.1; done'

_NO_WAY_OUT: Mapping[str, Value] = {
    "network.proxy.type": 1,
    **{f"network.proxy.{kind}": "127.0.0.1" for kind in ("http", "ssl", "socks")},
    **{f"network.proxy.{kind}_port": 9 for kind in ("http", "ssl", "socks")},
    "network.proxy.socks_remote_dns": True,
    "network.proxy.no_proxies_on": "localhost, 127.0.0.1",
}

# No first-run pages, no updates; Marionette on a port of its choice.
_SETTINGS: Mapping[str, Value] = {
    "marionette.port": 0,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "extensions.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "mailnews.start_page.enabled": False,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mail.rights.version": 1,
    "mail.instrumentation.postUrl": "",
}


def missing() -> str | None:
    """Return why Thunderbird cannot run here, or None."""
    if not PROGRAM.exists():
        return "Thunderbird (thunderbird) is not installed"
    if not GERMAN.exists():
        return "Thunderbird's German (thunderbird-l10n-de) is not installed"
    if shutil.which("unshare") is None or shutil.which("setpriv") is None:
        return "unshare and setpriv (util-linux) are not installed"
    if os.geteuid() != 0:
        return "Thunderbird's process tree can only be fenced in by root"
    return None


@pytest.fixture(scope="session")
def thunderbird_is_here() -> None:
    """Skip where there is no Thunderbird, fail there when CI=true."""
    need(missing())


class Thunderbird:
    """A running Thunderbird, made by `start`."""

    def __init__(self, profile: Path, process: subprocess.Popen[bytes], network: OwnNetwork | None = None) -> None:
        self.profile = profile
        self._process = process
        self._network = network
        self.marionette = self._connect()

    def script(self, text: str, *arguments: Any) -> Any:
        """Run `text` as the body of an async function with MailServices at hand; `args` are the arguments."""
        return self.marionette.script(_PRELUDE + text, *arguments)

    def expect_restart(self, action: Callable[[], None]) -> None:
        """Trigger a restart and reconnect."""
        (self.profile / "MarionetteActivePort").unlink()
        action()
        self.marionette.wait_for_end()
        self.marionette.close()
        self.marionette = self._connect()

    def restart(self) -> None:
        self.expect_restart(
            lambda: self.script(
                "setTimeout(() => Services.startup.quit(Ci.nsIAppStartup.eAttemptQuit | Ci.nsIAppStartup.eRestart));"
            )
        )

    def quit(self) -> None:
        self.marionette.quit()
        self._process.wait(START_SECONDS)

    def trust(self, ca_file: Path) -> None:
        """Trust a certificate authority for servers."""
        body = re.sub(r"-----.*?-----|\s", "", ca_file.read_text())
        self.script(
            'Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(args[0], "CT,,");',
            body,
        )

    def remember_password(self, account: MailAccount, password: str) -> None:
        """Store the password for receiving and sending, as the dialog's “remember” does."""
        for origin in (f"mailbox://{account.incoming.hostname}", f"smtp://{account.outgoing.hostname}"):
            self.script(
                """
                const [origin, user, password] = args;
                const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
                login.init(origin, null, origin, user, password, "", "");
                await Services.logins.addLoginAsync(login);
                """,
                origin,
                account.username,
                password,
            )

    def prefs(self) -> dict[str, Value]:
        """Return the current preferences under "mail." that are set."""
        found: dict[str, Value] = self.script(
            """
            const branch = Services.prefs.getBranch("mail.");
            const read = {
              [branch.PREF_STRING]: name => branch.getStringPref(name),
              [branch.PREF_INT]: name => branch.getIntPref(name),
              [branch.PREF_BOOL]: name => branch.getBoolPref(name),
            };
            return Object.fromEntries(branch.getChildList("").filter(name => branch.prefHasUserValue(name))
              .map(name => ["mail." + name, read[branch.getPrefType(name)](name)]));
            """
        )
        return found

    def accounts(self) -> list[tuple[str, str]]:
        """Return server type and user of every account, in order."""
        return [
            (kind, user)
            for kind, user in self.script(
                "return MailServices.accounts.accounts"
                ".map(account => [account.incomingServer.type, account.incomingServer.username]);"
            )
        ]

    def keys(self, address: str) -> dict[str, str]:
        """Return Thunderbird's keys for our file's server1, account1, id1 and smtp1."""
        found: dict[str, str] = self.script(
            """
            const server = serverOf(args[0]);
            const account = MailServices.accounts.findAccountForServer(server);
            const identity = account.defaultIdentity;
            return { server1: server.key, account1: account.key, id1: identity.key, smtp1: identity.smtpServerKey };
            """,
            address,
        )
        return found

    def import_profile(self, file: Path) -> None:
        """Import a ZIP with Thunderbird's importer, like about:import; restart afterwards."""
        self.script(
            """
            const { ThunderbirdProfileImporter } =
              ChromeUtils.importESModule("resource:///modules/ThunderbirdProfileImporter.sys.mjs");
            const { FileUtils } = ChromeUtils.importESModule("resource://gre/modules/FileUtils.sys.mjs");
            const file = new FileUtils.File(args[0]);
            const importer = new ThunderbirdProfileImporter();
            if (!importer.validateSource(file)) { throw new Error("not taken for a profile"); }
            const folder = await importer.extractZipFile(file, () => {});
            const items = { accounts: true, addressBooks: true, calendars: true, mailMessages: true };
            if (!await importer.startImport(folder, items)) { throw new Error("nothing imported"); }
            """,
            str(file),
        )

    def set_up_automatically(self, text: str, address: str, password: str) -> None:
        """Create the account of a config-v1.1 document, like Thunderbird's set-up."""
        self.script(
            """
            const load = name => ChromeUtils.importESModule(`resource:///modules/${name}.sys.mjs`);
            const { JXON } = load("JXON");
            const { readFromXML } = load("accountcreation/readFromXML");
            const { AccountConfig } = load("accountcreation/AccountConfig");
            const { CreateInBackend } = load("accountcreation/CreateInBackend");
            const [text, address, password] = args;
            const config = readFromXML(JXON.build(new DOMParser().parseFromString(text, "text/xml")), "test");
            AccountConfig.replaceVariables(config, "Erika Beispiel", address, password);
            config.rememberPassword = true;
            await CreateInBackend.createAccountInBackend(config);
            """,
            text,
            address,
            password,
        )

    def add_imap_account(self, address: str) -> None:
        """Create a default IMAP account with a server that is never contacted."""
        self.script(
            """
            const server = MailServices.accounts.createIncomingServer(args[0], "localhost", "imap");
            server.port = 9;
            server.setBoolValue("login_at_startup", false);
            server.valid = true;
            const identity = MailServices.accounts.createIdentity();
            identity.email = args[0];
            identity.valid = true;
            const account = MailServices.accounts.createAccount();
            account.addIdentity(identity);
            account.incomingServer = server;
            MailServices.accounts.defaultAccount = account;
            MailServices.accounts.saveAccountInfo();
            """,
            address,
        )

    def qr_export(self, address: str) -> tuple[str, str]:
        """Return payload and picture (data URI of a BMP) of “Export for Mobile”, without password."""
        text, (picture,) = self.script(
            """
            const { QRExport } = ChromeUtils.importESModule("moz-src:///comm/mail/modules/QRExport.sys.mjs");
            const { key } = MailServices.accounts.findAccountForServer(serverOf(args[0]));
            if (!QRExport.getEligibleAccounts().some(account => account.key == key)) {
              throw new Error("Thunderbird does not offer this account for export");
            }
            const data = QRExport.getQRData(await QRExport.getAccountData(key, false), 1, 1);
            return [JSON.stringify(data), await QRExport.getQRCodes([key], false)];
            """,
            address,
        )
        return text, picture

    def delete(self, address: str, subject: str) -> None:
        """Delete a message permanently, like Shift+Del."""
        self.script(
            """
            const inbox = serverOf(args[0]).rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
            const message = [...inbox.messages].find(each => each.subject == args[1]);
            await new Promise(resolve => inbox.deleteMessages([message], null, true, false, {
              QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]),
              onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() { return null; }, onStopCopy: resolve,
            }, false));
            """,
            address,
            subject,
        )

    def fetch(self, address: str) -> None:
        """Fetch mail, like the button “Abrufen”; raises ScriptError."""
        self.script(
            """
            const server = serverOf(args[0]);
            const inbox = server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
            await new Promise((resolve, reject) => MailServices.pop3.GetNewMail(null, {
              QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]),
              OnStartRunningUrl() {},
              OnStopRunningUrl(url, status) {
                Components.isSuccessCode(status) ? resolve() : reject(new Error("fetching failed: " + status));
              },
            }, inbox, server));
            """,
            address,
        )

    def mailbox(self, address: str) -> Mailbox:
        return Mailbox(Path(self.script("return serverOf(args[0]).localPath.path;", address)))

    def send(self, address: str, recipient: str, subject: str) -> None:
        """Send a message from the account of this user name; returns when the copy is in the sent folder."""
        self.script(
            """
            const [address, recipient, subject] = args;
            const account = MailServices.accounts.findAccountForServer(serverOf(address));
            const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
            const from = account.defaultIdentity.email;
            Object.assign(fields, { from, to: recipient, subject, body: "Test\\r\\n" });
            const send = Cc["@mozilla.org/messengercompose/send;1"].createInstance(Ci.nsIMsgSend);
            await new Promise((resolve, reject) => send.createAndSendMessage(
              null, account.defaultIdentity, account.key, fields, false, false, Ci.nsIMsgCompDeliverMode.Now, null,
              "text/plain", "Test\\r\\n", null, null, {
                QueryInterface: ChromeUtils.generateQI(["nsIMsgSendListener", "nsIMsgCopyServiceListener"]),
                onStartSending() {}, onSendProgress() {}, onStatus() {}, onGetDraftFolderURI() {}, onSendNotPerformed() {},
                onTransportSecurityError() {},
                onStopSending(id, status) {
                  if (!Components.isSuccessCode(status)) { reject(new Error("sending failed: " + status)); }
                },
                onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() { return null; },
                onStopCopy(status) {
                  Components.isSuccessCode(status) ? resolve() : reject(new Error("no copy: " + status));
                },
              }, "", null, Ci.nsIMsgCompType.New).catch(reject));
            """,
            address,
            recipient,
            subject,
        )

    def _connect(self) -> Marionette:
        return Marionette(wait_for_port(self.profile, START_SECONDS), self._network)


_PRELUDE = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const serverOf = address => MailServices.accounts.findServer(address, "localhost", "pop3");
"""


@contextlib.contextmanager
def start(
    profile: Path,
    *,
    locale: str = "de",
    user_js: bytes = b"",
    network: OwnNetwork | None = None,
    program: Path = PROGRAM,
    display: str = "",
) -> Iterator[Thunderbird]:
    """Run Thunderbird on the folder `profile`, which may be empty; kill it afterwards.

    user_js: content of a user.js, after the tests' own settings. network: where it runs; without one nothing but localhost
    is reached. display: of an X server to show its windows on; without one it shows none.
    """
    profile.mkdir(exist_ok=True)
    wanted = {
        **_SETTINGS,
        **({} if network else _NO_WAY_OUT),
        "intl.locale.requested": "de" if locale == "de" else "en-US",
    }
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in wanted.items()]
    (profile / "user.js").write_bytes("".join(lines).encode() + user_js)
    (profile / "MarionetteActivePort").unlink(missing_ok=True)
    # setpriv: unshare is killed when this process dies. unshare: its processes are killed when it dies.
    command = [
        *(network.enter if network else ()),
        "setpriv", "--pdeathsig", "KILL", "unshare", "-p", "-f", "--kill-child=KILL", "--mount-proc",
        "sh", "-c", _UNTIL_ALL_ENDED, "sh",
        str(program), *(() if display else ("--headless",)), "--no-remote", "--profile", str(profile), "--marionette",
        "--remote-allow-system-access",
    ]  # fmt: skip
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(HOME if network else profile), "TMPDIR": str(profile), "MOZ_CRASHREPORTER_DISABLE": "1",
        "LANG": "C.UTF-8", "TZ": "Europe/Berlin", **({"DISPLAY": display} if display else {"MOZ_HEADLESS": "1"}),
    }  # fmt: skip
    with (profile / "output.log").open("ab") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
    try:
        thunderbird = Thunderbird(profile, process, network)
        try:
            yield thunderbird
        finally:
            thunderbird.marionette.close()
    finally:
        process.kill()
        process.wait()
