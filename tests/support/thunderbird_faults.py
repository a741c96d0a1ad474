"""A Thunderbird with one account, pointed at one misbehaving server after the other: what it shows is kept.

Kept are its notifications and what its windows say, which are answered with “Cancel”. What it shows of a certificate while
it fetches stands in its list of folders, and is not seen here.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from tests.support.certificates import Certificates
from tests.support.fault_server import Dialogue, FaultServer, read
from tests.support.patient_server import PatientServer
from tests.support.thunderbird import Thunderbird
from webapp.core.account import MailAccount, Retention, Server, ServerType, SocketType
from webapp.core.clients import CLIENTS, ExportOptions

ADDRESS, PASSWORD = "anna@gmx.de", "test-password-anna"
SOCKET_TYPES = {"starttls": 2}  # as Thunderbird numbers them; 3 is TLS at once
WAIT_SECONDS = 20  # for an answer

# Scripts have no variable in common: the module that shows notifications keeps what was said.
_HOOK = """
const { alertHook } = ChromeUtils.importESModule("resource:///modules/activity/alertHook.sys.mjs");
"""
_PREPARE = """
const said = alertHook.faultsSaid = [];
Services.prefs.setIntPref("mailnews.tcptimeout", args[0]);
Services.prefs.setIntPref("network.tcp.connect_timeout", args[0]);
alertHook.onAlert = message => { said.push(message); return true; };
// What it asks in a window is answered with “Cancel”.
const asks = answer => (window, title, text) => { said.push([title, text].filter(Boolean).join(" ")); return answer; };
const asksAs = answer => (context, kind, title, text) => asks(answer)(context, title, text);
Services.prompt = {
  QueryInterface: ChromeUtils.generateQI(["nsIPromptService"]),
  alert: asks(), confirm: asks(false), confirmEx: asks(1), promptPassword: asks(false), promptUsernameAndPassword: asks(false),
  alertBC: asksAs(), confirmBC: asksAs(false), confirmExBC: asksAs(1), promptPasswordBC: asksAs(false),
};
"""
_POINT = """
const [address, protocol, port, socketType] = args;
const server = serverOf(address);
const identity = MailServices.accounts.findAccountForServer(server).defaultIdentity;
const outgoing = MailServices.outgoingServer.getServerByKey(identity.smtpServerKey);
const meant = protocol == "pop3" ? server : outgoing.QueryInterface(Ci.nsISmtpServer);
meant.port = port;
meant.socketType = socketType;
server.serverBusy = false;
alertHook.faultsSaid.length = 0;
"""
_FETCH = """
const msgWindow = Cc["@mozilla.org/messenger/msgwindow;1"].createInstance(Ci.nsIMsgWindow);
const server = serverOf(args[0]);
const inbox = server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
await new Promise(resolve => MailServices.pop3.GetNewMail(msgWindow, {
  QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]), OnStartRunningUrl() {}, OnStopRunningUrl: resolve,
}, inbox, server));
"""
_SEND = """
const account = MailServices.accounts.findAccountForServer(serverOf(args[0]));
const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
Object.assign(fields, { from: args[0], to: args[0], subject: "Test", body: "Test\\r\\n" });
const send = Cc["@mozilla.org/messengercompose/send;1"].createInstance(Ci.nsIMsgSend);
await new Promise(resolve => send.createAndSendMessage(
  null, account.defaultIdentity, account.key, fields, false, false, Ci.nsIMsgCompDeliverMode.Now, null,
  "text/plain", "Test\\r\\n", null, null, {
    QueryInterface: ChromeUtils.generateQI(["nsIMsgSendListener", "nsIMsgCopyServiceListener"]),
    onStartSending() {}, onSendProgress() {}, onStatus() {}, onGetDraftFolderURI() {}, onSendNotPerformed: resolve,
    onTransportSecurityError() {}, onStopSending: resolve,
    onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() { return null; }, onStopCopy: resolve,
  }, "", null, Ci.nsIMsgCompType.New).catch(resolve));
"""
_SAID = """
for (let tries = 0; tries < 30 && !alertHook.faultsSaid.length; tries++) {
  await new Promise(resolve => setTimeout(resolve, 100));
}
return alertHook.faultsSaid;
"""


class Faults:
    """A Thunderbird that meets faults; `meet` returns what it showed."""

    def __init__(self, thunderbird: Thunderbird, folder: Path) -> None:
        self._thunderbird = thunderbird
        self._certificates = Certificates(folder)
        thunderbird.trust(self._certificates.ca_file)
        incoming = Server(ServerType.POP3, "localhost", 9, SocketType.SSL)
        outgoing = Server(ServerType.SMTP, "localhost", 9, SocketType.SSL)
        account = MailAccount(ADDRESS, "", incoming, outgoing, Retention(), "gmx.net")
        made = CLIENTS["thunderbird"].export(account, ExportOptions(format="autoconfig"))
        thunderbird.script(_HOOK + _PREPARE, WAIT_SECONDS)
        thunderbird.set_up_automatically(made.content.decode(), ADDRESS, PASSWORD)
        thunderbird.script(_HOOK + _SAID)  # it fetches by itself, where nobody answers

    def meet(self, fault: str) -> list[str]:
        """Let it fetch from the server of a dialogue, or send to it."""
        dialogue = read(fault)
        context = self._certificates.server_context(dialogue.fact("certificate", "ok"))
        protocol = dialogue.fact("protocol")
        with _server(dialogue, context) as server:
            socket_type = SOCKET_TYPES.get(server.transport, 3)
            self._thunderbird.script(_HOOK + _POINT, ADDRESS, protocol, server.port, socket_type)
            self._thunderbird.script(_FETCH if protocol == "pop3" else _SEND, ADDRESS)
            said: list[str] = self._thunderbird.script(_HOOK + _SAID)
            assert not server.surprises, "it speaks otherwise than the dialogue"
            assert not isinstance(server, PatientServer) or server.reached, "it never asks what the fault answers"
        return said


def _server(dialogue: Dialogue, context: ssl.SSLContext) -> FaultServer:
    """Return one that is patient where Thunderbird comes as far as the password or the mail: it asks in an order of its own."""
    said = {text.split()[0] for kind, text in dialogue.steps if kind == "C"}
    if said & {"PASS", "MAIL", "RCPT"} or (dialogue.fact("protocol") == "pop3" and dialogue.login):
        return PatientServer(dialogue, context, ADDRESS, PASSWORD)
    return FaultServer(dialogue, context)
