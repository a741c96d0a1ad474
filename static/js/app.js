// Makes pages more comfortable; every one of them works without it. Texts stand in the templates.

// For a part of a page that comes later, too.
export function enhance(root) {
  for (const summary of root.querySelectorAll("[data-focus]")) summary.focus();

  for (const button of root.querySelectorAll("[data-reveal]")) {
    const field = document.getElementById(button.dataset.reveal);
    const texts = { password: button.textContent, text: button.dataset.hide };
    const show = (type) => {
      field.type = type;
      button.textContent = texts[type];
    };
    button.hidden = false;
    button.addEventListener("click", () => show(field.type === "password" ? "text" : "password"));
    field.form.addEventListener("submit", () => show("password"));
  }

  for (const button of root.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    const text = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
      setTimeout(() => (button.textContent = text), 2000);
    });
  }

  // The page stays as it is while the browser fetches a file: it says beside the button that it was pressed, and the next
  // step is now what leads on.
  for (const button of root.querySelectorAll("[data-fetch]")) {
    button.addEventListener("click", () => {
      const said = button.closest(".guide-text").querySelector("[role=status]");
      if (!said.textContent.includes("✓")) said.textContent += ` ✓ ${button.dataset.fetch}`;
      if (!button.classList.contains("link")) button.classList.add("secondary");
      document.querySelector("main [data-next]")?.classList.remove("secondary");
    });
  }

  for (const button of root.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // A second click on a button that is already sending does nothing; the server guards against it too.
  // A form that is answered with a file leaves the page as it is: there the button must go on working.
  for (const form of root.querySelectorAll("form[method=post]:not([data-repeatable])")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
  }
}

enhance(document);

// A form that came back with a mistake is the answer to a POST, and nothing is kept of it: “back” to it would fail. So its
// place in the history is that of the page it was sent from.
if (performance.getEntriesByType("navigation")[0]?.responseStatus === 422) {
  history.replaceState(null, "", document.referrer || location.href);
}

// Tab passes by every radio but the chosen one of its group: who unfolds more of them is led in.
for (const fold of document.querySelectorAll("details[data-lead-in]")) {
  fold.addEventListener("toggle", () => {
    if (fold.open && document.activeElement === fold.querySelector("summary")) fold.querySelector("input").focus();
  });
}

// Shown after so many milliseconds, such as the warning before an agent is signed out.
for (const later of document.querySelectorAll("[data-after]")) {
  setTimeout(() => (later.hidden = false), Number(later.dataset.after));
}

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// An iPad calls itself a Mac, but a Mac has no touch screen.
for (const offer of document.querySelectorAll("[data-touch-first]")) {
  if (navigator.maxTouchPoints > 1) offer.parentElement.prepend(offer);
}
