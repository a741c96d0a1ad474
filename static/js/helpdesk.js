// Keeps parts of a page up to date: asks the server for the same fragment it rendered, and swaps it in when it changed.
// Everything works without it, by the button that loads the page anew.

const stale = document.querySelector("[data-stale]");

function keepUpToDate(part) {
  const every = Number(part.dataset.every);
  let etag = part.dataset.etag ? `"${part.dataset.etag}"` : null;
  let failures = 0;

  const again = () => setTimeout(ask, every * Math.min(1 + failures, 8));

  function ask() {
    if (document.hidden) {
      document.addEventListener("visibilitychange", ask, { once: true });
      return;
    }
    const request = new XMLHttpRequest();
    request.open("GET", part.dataset.poll);
    request.responseType = "document"; // parsed without running scripts; innerHTML is closed by the policy
    request.timeout = 10000;
    if (etag) request.setRequestHeader("If-None-Match", etag);
    request.onload = () => {
      if ([401, 403, 404].includes(request.status)) return location.reload();
      failures = request.status === 200 || request.status === 304 ? 0 : failures + 1;
      if (request.status === 200 && request.response) {
        const fresh = request.getResponseHeader("ETag");
        if (etag !== fresh) swap(request.response.body);
        etag = fresh;
      }
      if (stale) stale.hidden = failures < 3;
      again();
    };
    request.onerror = request.ontimeout = () => {
      failures += 1;
      if (stale) stale.hidden = failures < 3;
      again();
    };
    request.send();
  }

  function swap(body) {
    const open = [...part.querySelectorAll("details")].map((details) => details.open);
    const state = body.querySelector("[data-reload]");
    part.replaceChildren(...body.childNodes);
    [...part.querySelectorAll("details")].forEach((details, number) => (details.open = open[number] ?? false));
    if (state && state.dataset.reload !== part.dataset.state) location.reload();
  }

  again();
}

for (const part of document.querySelectorAll("[data-poll]")) keepUpToDate(part);
