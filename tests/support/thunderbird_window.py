"""Operates Thunderbird's windows like a person: find words and click them.

Elements are found by their visible text only, so a guide with other words than the program's fails its test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.thunderbird import Thunderbird

_SHOWN = """
const { PanelView } = ChromeUtils.importESModule("moz-src:///comm/mail/components/customizableui/PanelMultiView.sys.mjs");
const tabmail = document.getElementById("tabmail");
const shownIn = function* (root) {
  for (const element of root.querySelectorAll("*")) {
    if (element.shadowRoot) { yield* shownIn(element.shadowRoot); }
    yield element;
  }
};
const wordsOf = element => [element.label, element.title, element.tooltipText, element.textContent]
  .map(words => typeof words == "string" ? words.trim().replace(/\\s+/g, " ") : "");
const isInFront = view => !view || PanelView.forNode(view).active;  // false while a menu opens or slides
// [inactive]: the menu bar, until Alt is pressed
const isShown = element => element.checkVisibility({ visibilityProperty: true }) && !element.disabled
  && element.getBoundingClientRect().width > 0 && !element.closest("[inactive]") && isInFront(element.closest("panelview"));
const find = words => {
  const page = tabmail?.selectedTab?.browser?.contentDocument;
  const roots = [document, ...(page ? [page] : [])];
  const found = roots.flatMap(root => [...shownIn(root)])
    .filter(element => wordsOf(element).includes(words) && isShown(element));
  return found.at(-1);
};
"""


class Window:
    """Thunderbird's main window and the page in its front tab."""

    def __init__(self, thunderbird: Thunderbird) -> None:
        self._thunderbird = thunderbird

    def see(self, words: str) -> None:
        """Wait for an element with the text `words`; raises ScriptError after half a minute."""
        self._run("", words)

    def click(self, words: str) -> None:
        """Wait for `words` and click them."""
        self._run("element.click();", words)

    def click_later(self, words: str) -> None:
        """Click `words` after this call has returned, for what ends the program."""
        self._run("setTimeout(() => element.click());", words)

    def shows(self, words: str) -> bool:
        return bool(self._thunderbird.script(_SHOWN + "return Boolean(find(args[0]));", words))

    def choose_file(self, file: Path) -> None:
        """Make the next native file dialogs return `file`."""
        self._thunderbird.script(
            """
            const { FileUtils } = ChromeUtils.importESModule("resource://gre/modules/FileUtils.sys.mjs");
            const file = new FileUtils.File(args[0]);
            Components.manager.QueryInterface(Ci.nsIComponentRegistrar).registerFactory(
              Services.uuid.generateUUID(), "", "@mozilla.org/filepicker;1", {
                QueryInterface: ChromeUtils.generateQI(["nsIFactory"]),
                createInstance: iid => ({
                  QueryInterface: ChromeUtils.generateQI(["nsIFilePicker"]),
                  init() {}, appendFilter() {}, file,
                  open(callback) { callback.done(Ci.nsIFilePicker.returnOK); },
                }).QueryInterface(iid),
              });
            """,
            str(file),
        )

    def _run(self, action: str, *arguments: Any) -> None:
        self._thunderbird.script(
            _SHOWN
            + """
            for (let tries = 0; tries < 300; tries++) {
              const element = find(args[0]);
              if (element) { ACTION return; }
              await new Promise(resolve => setTimeout(resolve, 100));
            }
            const page = tabmail?.selectedTab?.browser?.contentDocument?.body?.innerText;
            throw new Error(`"${args[0]}" is not shown; the page says: ${page}`);
            """.replace("ACTION", action),
            *arguments,
        )
