"""Operates Thunderbird on a screen with mouse and keyboard, by nothing but the words that it shows.

A control is found by its visible words in whatever window is open, and is pressed only where the pointer really reaches it:
the program itself must say that the pointer is on it. A control that is hidden, covered, greyed out or not there fails.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.marionette import ScriptError
from tests.support.own_network import OwnNetwork
from tests.support.screen import Screen
from tests.support.thunderbird import Thunderbird
from tests.support.waiting import wait_until

SECONDS = 180  # generous, for busy machines
# Controls that bear no words: what a guide writes, and where the program has them.
ICONS = {"≡": "#button-appmenu", "▸": "#folderTree li.selected.collapsed > .container > .twisty", "✉": "#mailButton"}

_FIND = r"""
const CONTROLS = ["button, toolbarbutton, menuitem, menu, checkbox, radio, input, a, [role=button], [role=option]", "label"];
const around = (element, selector) => {
  for (let each = element; each; each = each.parentElement ?? each.getRootNode().host) {
    if (each.matches(selector)) { return each; }
  }
  return null;
};
const below = function* (root) {
  for (const element of root.querySelectorAll("*")) {
    yield element;
    if (element.shadowRoot) { yield* below(element.shadowRoot); }
    if (/^(browser|iframe)$/.test(element.localName) && isShown(element)) {
      let inner = null;
      try { inner = element.contentDocument; } catch (error) { /* another process */ }
      if (inner) { yield* below(inner); }
    }
  }
};
const plain = words => typeof words == "string" ? words.replace(/\s+/g, " ").trim().replace(/[.:…*]+$/, "").trim() : "";
const own = element => {
  const said = [element.getAttribute("label"), element.getAttribute("title"), element.getAttribute("tooltiptext"),
    element.getAttribute("aria-label"), element.getAttribute("value"), element.placeholder];
  return (element.localName == "input" ? said.slice(0, 4) : [...said, element.textContent]).map(plain);
};
const isShown = element => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !around(element, "[inactive], [inert], tabpanels > :not(.deck-selected), deck > :not(.deck-selected)");
};
const isUsable = element => !element.disabled && element.getAttribute("disabled") != "true" && !element.closest("fieldset[disabled]");
const screenBox = element => {
  const box = element.getBoundingClientRect();
  const view = element.ownerDocument.defaultView;
  return [box.x + view.mozInnerScreenX, box.y + view.mozInnerScreenY, box.width, box.height];
};
const controlOf = element => CONTROLS.map(kind => around(element, kind)).find(each => each && isShown(each));
const windows = () => [...Services.wm.getEnumerator(null)];
const everything = function* () { for (const each of windows()) { yield* below(each.document); } };
// What lies over what: the main window, the page in it, the window over it.
const layer = element => element.ownerDocument == document ? (around(element, "panel, menupopup, dialog") ? 2 : 0)
  : element.ownerDocument.defaultView.browsingContext.topChromeWindow == window ? 1 : 3;
const find = (words, icon) => {
  const found = [...everything()].filter(element => icon ? element.matches(icon) : own(element).includes(plain(words)))
    .filter(element => isShown(element) && !around(element, "tab"));  // a tab bears the words of its page, which loads yet
  const controls = [...new Set(found.map(element => controlOf(element) ?? element).filter(isShown))];
  const usable = controls.filter(isUsable);
  const inner = usable.filter(each => !usable.some(other => other != each && each.contains(other)));
  const inFront = inner.filter(each => layer(each) == Math.max(...inner.map(layer)));
  const after = window.lastPressed && inFront.filter(each =>
    each.ownerDocument == lastPressed.ownerDocument && lastPressed.compareDocumentPosition(each) & 4);
  return after?.[0] ?? inFront[0] ?? controls[0] ?? null;
};
const fieldOf = words => {
  for (const element of everything()) {
    if (!["input", "textarea"].includes(element.localName) || !isShown(element) || !isUsable(element)) { continue; }
    const said = [...own(element), ...[...element.labels ?? []].map(each => plain(each.textContent)),
      ...(element.getAttribute("aria-labelledby") ?? "").split(" ")
        .map(id => id && element.getRootNode().getElementById(id)).filter(Boolean)
        .map(each => plain(each.value || each.textContent))];
    if (said.includes(plain(words)) || element.id == "password1Textbox") { return element; }
  }
  return null;
};
"""

# Marionette answers nothing while a window of the program asks something: this answers always. A connection brings a
# script, the body of an async function, and gets what it returns as JSON.
_EYE = r"""
const sandbox = new Cu.Sandbox(Services.scriptSecurityManager.getSystemPrincipal(), { sandboxPrototype: window });
window.theTalks = new Set();  // else they are collected, as the server
const server = Cc["@mozilla.org/network/server-socket;1"].createInstance(Ci.nsIServerSocket);
server.init(-1, true, -1);
server.asyncListen({
  onSocketAccepted(_, transport) {
    const output = transport.openOutputStream(Ci.nsITransport.OPEN_BLOCKING, 0, 0);
    const pump = Cc["@mozilla.org/network/input-stream-pump;1"].createInstance(Ci.nsIInputStreamPump);
    const bytes = Cc["@mozilla.org/binaryinputstream;1"].createInstance(Ci.nsIBinaryInputStream);
    let text = "";
    window.theTalks.add(pump);
    const answer = async () => {
      try {
        const source = decodeURIComponent(escape(text.slice(0, -1)));
        return { value: (await Cu.evalInSandbox(`(async () => {${source}
})()`, sandbox)) ?? null };
      } catch (error) {
        return { error: String(error) };
      }
    };
    const reply = async () => {
      const said = unescape(encodeURIComponent(JSON.stringify(await answer()))) + "\n";
      output.write(said, said.length);
    };
    pump.init(transport.openInputStream(0, 0, 0), 0, 0, false);
    pump.asyncRead({
      onStartRequest() {},
      onDataAvailable(request, stream, offset, count) {
        bytes.setInputStream(stream);
        text += bytes.readBytes(count);
        if (text.endsWith("\0")) { reply(); }
      },
      onStopRequest() {
        transport.close(Cr.NS_OK);
        window.theTalks.delete(pump);
      },
    });
  },
  onStopListening() {},
});
window.theEye = server;
return server.port;
"""


class NotOnScreenError(AssertionError):
    """A control of the guide that a person would not find, or could not press."""


Box = tuple[float, float, float, float]  # left, top, width, height in pixels of the screen


@dataclass(frozen=True)
class Control:
    """A control as it stands on the screen. window: of the window it is in, is_dialog: whether that is over another one."""

    words: str
    box: Box
    window: Box
    is_dialog: bool

    @property
    def middle(self) -> tuple[float, float]:
        left, top, width, height = self.box
        return left + width / 2, top + height / 2


class Hands:
    """Mouse and keyboard at a Thunderbird on a screen."""

    def __init__(
        self, thunderbird: Thunderbird, screen: Screen, network: OwnNetwork, patience: float = SECONDS
    ) -> None:
        self.thunderbird = thunderbird
        self.screen = screen
        self._network = network
        self._patience = patience
        self._port = int(thunderbird.script(_EYE))

    def script(self, text: str) -> Any:
        """Run `text` as the body of an async function in the main window, also while the program asks something."""
        with self._network.connect(self._port, SECONDS) as connection:
            connection.sendall(text.encode() + b"\0")
            with connection.makefile("rb") as reader:
                answer = json.loads(reader.readline())
        if "error" in answer:
            raise ScriptError(answer["error"])
        return answer["value"]

    def expect_restart(self, action: Callable[[], None]) -> None:
        """Let `action` restart the program; servers say nothing until we see again."""
        with self._network.holding_back():
            self.thunderbird.expect_restart(action)
            self._port = int(self.thunderbird.script(_EYE))

    def wait_for_window(self) -> None:
        """Wait until the main window stands, whatever lies over it."""
        look = f"{_FIND} return Boolean(find('', {json.dumps(ICONS['≡'])}));"
        wait_until(lambda: self.script(look), SECONDS, "the main window")

    def wait_for_sending(self) -> None:
        """Wait until no message is being written any more: the window closes when it has been sent."""
        look = "return Services.wm.getEnumerator('msgcompose').hasMoreElements();"
        wait_until(lambda: not self.script(look), SECONDS, "the message to be sent")

    def see(self, words: str) -> Control:
        """Wait until a control with `words` stands still on the screen, and return it."""
        return self._wait(f"find({json.dumps(words)}, {json.dumps(ICONS.get(words, ''))})", words)

    def field(self, label: str) -> Control:
        return self._wait(f"fieldOf({json.dumps(label)})", label)

    def press(self, control: Control) -> None:
        """Point at a control that `see` or `field` returned last, and click where the program says that it is met."""
        self._reach(control)
        self.script(_FIND + "window.lastPressed = window.seen;")
        self.screen.click()

    def write(self, control: Control, text: str) -> None:
        """Replace what stands in a field, and wait until it stands there: a busy program takes keys late."""
        for _ in range(3):
            self.press(control)
            self.screen.press("ctrl+a")
            self.screen.type(text)
            with contextlib.suppress(TimeoutError):
                wait_until(lambda: self.script("return window.seen.value ?? '';") == text, self._patience / 3)
                return
        raise NotOnScreenError(f"“{control.words}” does not take what is typed")

    def _reach(self, control: Control) -> None:
        end = time.monotonic() + self._patience / 2
        x, y = control.middle
        while time.monotonic() < end:
            self.screen.point(x, y)
            is_met, (left, top, width, height) = self.script(
                _FIND + "return [isShown(seen) && seen.matches(':hover'), screenBox(seen)];"
            )
            if is_met:
                return
            self.screen.point(x + 1, y + 1)
            x, y = left + width / 2, top + height / 2
            time.sleep(0.1)
        raise NotOnScreenError(f"“{control.words}” is covered: the pointer does not reach it")

    def _look(self, finder: str) -> Any:
        return self.script(
            _FIND
            + f"""
            const element = {finder};
            if (!element) {{ return null; }}
            const view = element.ownerDocument.defaultView;
            // From the top at each look: while a page loads, what stands above comes and goes.
            if (element.ownerDocument != document && !element.closest("panel, menupopup")) {{
              for (let each = element; each; each = each.parentElement) {{ each.scrollTop = 0; }}
            }}
            const box = element.getBoundingClientRect();
            if (box.bottom > view.innerHeight && !element.closest("panel, menupopup")) {{ element.scrollIntoView({{ block: "center" }}); }}
            window.seen = element;
            const top = view.browsingContext.topChromeWindow;
            const frame = [top.mozInnerScreenX, top.mozInnerScreenY, top.innerWidth, top.innerHeight];
            return [screenBox(element), isUsable(element), frame, top != window];
            """
        )

    def _wait(self, finder: str, words: str) -> Control:
        end = time.monotonic() + self._patience
        last: Any = None
        still = 0
        while time.monotonic() < end:
            found = self._look(finder)
            still = still + 1 if found and found[1] and found == last else 0
            if still == 2:
                return Control(words, tuple(found[0]), tuple(found[2]), found[3])
            last = found
            time.sleep(0.15)
        if last:
            raise NotOnScreenError(f"“{words}” is greyed out")
        raise NotOnScreenError(f"“{words}” is not on the screen")
