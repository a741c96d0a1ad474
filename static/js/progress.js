// Fills the result page while a connection test runs: swaps in what the server renders, and stops at the end.

import { enhance } from "./app.js";

const FAILURES_MAX = 10;
const region = document.getElementById("progress");
const announcement = document.getElementById("progress-status");
let tag = "";
let failures = 0;

const show = (part) => {
  const hadFocus = region.contains(document.activeElement);
  Object.assign(region.dataset, part.dataset);
  region.replaceChildren(...part.childNodes);
  if (announcement.textContent !== part.dataset.status) announcement.textContent = part.dataset.status;
  enhance(region);
  hideButtons();
  if (hadFocus) region.querySelector("[data-result], button:not([hidden]), a:not([hidden])")?.focus();
};

// Who watches needs no button to refresh; it comes back when the server does not answer.
const hideButtons = (hidden = true) => {
  for (const button of region.querySelectorAll("[data-without-script]")) button.hidden = hidden;
};

const again = () => {
  if (region.dataset.ended === "yes") return;
  if (failures > FAILURES_MAX) hideButtons(false);
  else setTimeout(ask, Number(region.dataset.every) * 2 ** Math.min(failures, 4));
};

const ask = () => {
  // Not fetch: what it brings would have to be parsed, which Trusted Types forbid.
  const request = new XMLHttpRequest();
  request.open("GET", region.dataset.url);
  request.responseType = "document";
  request.overrideMimeType("text/html"); // a 304 names no type; as XML, its emptiness is an error with inline styles
  if (tag) request.setRequestHeader("If-None-Match", tag);
  request.addEventListener("load", () => {
    const part = request.status === 200 ? request.response?.getElementById("progress") : null;
    failures = part || request.status === 304 ? 0 : failures + 1;
    if (request.status === 410 || request.status === 404) return location.reload();
    if (part) {
      tag = request.getResponseHeader("ETag") ?? "";
      show(document.adoptNode(part));
    }
    again();
  });
  request.addEventListener("error", () => {
    failures += 1;
    again();
  });
  request.send();
};

if (region && region.dataset.ended === "no") {
  hideButtons();
  again();
}
