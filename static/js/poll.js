// Keeps the parts of a page up to date that the server marks data-poll: asks for the part as it is rendered there, and
// swaps it in when it has changed. Every page works without it, by the button that loads the page anew.
//
// data-poll    where the part is asked for; gone when it changes no more
// data-etag     its ETag
// data-every   milliseconds between two questions
// data-always  asked for while nobody looks at the page, too: the server does not know its end for long
// data-alarm   a number: when it grows, a tone sounds, and the title of a hidden page is marked
// data-said    what is read out when it changes
// data-state   when it changes, all of the page `data-page` is out of date
// data-without-script, data-stale  shown only while the server does not answer
//
// A form marked data-quiet is sent without leaving the page.
//
// Inside a part, what has an id or a data-key keeps the focus; with a data-key also how far it is scrolled or unfolded.

import { enhance } from "./app.js";

const LOST = 3; // failures in a row until the page says so
const SLOWEST = 8; // times data-every
const HIDDEN = 3; // times data-every while nobody looks
const MARK = "● "; // in front of the title
const PATIENCE = 10000; // milliseconds for an answer

const voice = document.createElement("p"); // outside of what is swapped, else it would not be read out
voice.className = "hidden-text";
voice.setAttribute("role", "status");
document.body.append(voice);

const unanswered = new Set();

const ask = (url, tag) =>
  new Promise((done) => {
    // Not fetch: what it brings would have to be parsed, which Trusted Types forbid.
    const request = new XMLHttpRequest();
    request.open("GET", url);
    request.responseType = "document";
    request.overrideMimeType("text/html"); // a 304 names no type; as XML, its emptiness is an error with inline styles
    request.timeout = PATIENCE;
    if (tag) request.setRequestHeader("If-None-Match", `"${tag}"`);
    request.onloadend = () => done({ status: request.status, page: request.response });
    request.send();
  });

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const seen = () => new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));

const name = (element) => element.id || element.dataset.key;
const named = (root) => [...root.querySelectorAll("[id], [data-key]")];

// Exchanges the content of `root` and leaves the person where they were. `keep` puts back what must not go.
function swap(root, fresh, keep = () => {}) {
  const active = root.contains(document.activeElement) ? document.activeElement : null;
  const [start, end] = [active?.selectionStart ?? null, active?.selectionEnd];
  const before = new Map(named(root).map((element) => [name(element), [element.open, element.scrollTop]]));
  root.replaceChildren(...document.adoptNode(fresh).childNodes);
  enhance(root);
  keep();
  for (const element of root.querySelectorAll("[data-key]")) {
    [element.open, element.scrollTop] = before.get(name(element)) ?? [element.open, 0];
  }
  if (!active) return;
  const target = active.isConnected ? active : named(root).find((element) => name(element) === name(active));
  if (!target) root.tabIndex = -1;
  (target ?? root.querySelector("[data-result]") ?? root).focus({ preventScroll: true });
  if (target === active && start !== null) active.setSelectionRange(start, end);
}

const changed = (field) =>
  field.matches("input, select, textarea") && // a button has a value, and no default of it
  (field.getAttribute("aria-invalid") === "true" ||
    (field.options
      ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected))
      : field.value !== field.defaultValue || field.checked !== field.defaultChecked));

// The forms that hold what nobody has sent yet.
const drafts = (root) => [...root.querySelectorAll("form")].filter((form) => [...form.elements].some(changed));

// The same form on a page of another time; several may be sent to one address, each with fields of its own.
const purpose = (form) => [form.getAttribute("action"), ...[...form.elements].map((field) => field.name)].join(" ");
const sameForm = (root, form) => [...root.querySelectorAll("form")].find((one) => purpose(one) === purpose(form));

const say = (text = "") => {
  if (text !== voice.textContent) voice.textContent = text;
};

let sound; // browsers allow it after a press only
document.addEventListener("pointerdown", () => (sound ??= new AudioContext()), { once: true });

function alarm() {
  if (sound) {
    const [tone, volume] = [sound.createOscillator(), sound.createGain()];
    volume.gain.setValueAtTime(0.1, sound.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + 0.6);
    tone.connect(volume).connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + 0.6);
  }
  if (!document.hidden || document.title.startsWith(MARK)) return;
  document.title = MARK + document.title;
  seen().then(() => (document.title = document.title.replace(MARK, "")));
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!("quiet" in form.dataset) || event.defaultPrevented) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  if (event.submitter?.name) body.set(event.submitter.name, event.submitter.value);
  const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => null);
  delete form.dataset.sent;
  if (answer?.type !== "opaqueredirect") form.submit();
});

const tell = (part, failures) => {
  if (failures < LOST) unanswered.delete(part);
  else unanswered.add(part);
  for (const hint of document.querySelectorAll("[data-stale]")) hint.hidden = !unanswered.size;
  for (const button of part.querySelectorAll("[data-without-script]")) button.hidden = failures < LOST;
};

// Loads the page anew, unless somebody is writing on it.
const leave = (part) => {
  if (drafts(document).length) tell(part, LOST);
  else if (part.dataset.page) location.assign(part.dataset.page);
  else location.reload();
};

async function renew(part) {
  const main = document.getElementById("main");
  const { status, page } = await ask(part.dataset.page);
  const fresh = [200, 422].includes(status) && page?.getElementById("main"); // 422: it tells a mistake, once
  if (!fresh) return leave(part);
  const written = drafts(main);
  document.title = page.title;
  swap(main, fresh, () => {
    for (const form of written) sameForm(main, form)?.replaceWith(form);
  });
  watch(main);
}

// Returns whether the part is to be asked for again.
async function update(part, fresh) {
  const { state, alarm: before } = part.dataset;
  for (const key of Object.keys(part.dataset)) delete part.dataset[key];
  Object.assign(part.dataset, fresh.dataset);
  swap(part, fresh);
  say(part.dataset.said);
  if (Number(part.dataset.alarm) > Number(before)) alarm();
  if (part.dataset.state !== state) await renew(part);
}

async function keepUpToDate(part) {
  let failures = 0;
  tell(part, failures);
  while (part.dataset.poll) {
    await pause(Number(part.dataset.every) * Math.min(1 + failures, SLOWEST) * (document.hidden ? HIDDEN : 1));
    if (document.hidden && !("always" in part.dataset)) await seen();
    if (!part.isConnected) return;
    const { status, page } = await ask(part.dataset.poll, part.dataset.etag);
    if ([401, 403, 404, 410].includes(status)) return leave(part);
    const fresh = status === 200 && page?.getElementById(part.id);
    failures = fresh || status === 304 ? 0 : failures + 1;
    if (fresh) await update(part, fresh);
    tell(part, failures);
  }
}

function watch(root) {
  for (const part of root.querySelectorAll("[data-poll]")) keepUpToDate(part);
}

watch(document);
