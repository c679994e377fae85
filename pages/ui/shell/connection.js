// Says what is wrong when the page has no connection to its server: websockets that something on
// the way blocks, a server that does not answer, or a network that is gone. The page stays as it is.

import { language } from "../widgets/language.js";

const LOOK_MS = 500;
const STEADY_MS = 1000; // a websocket may be opened and closed at once
const FIRST_MS = 5000; // for a connection, before something must be against it
const AGAIN_MS = 1500; // for the next one, before a server that does not answer is reported
const ANSWER_MS = 2000;
const TOO_MANY = 429; // what the server answers if the network has too many pages open
const STREAMLITS_TITLE = "Connection error";

/** @typedef {"blocked" | "crowded" | "unreachable" | "offline"} Problem */

const texts = readTexts();

const health = new URL("./_stcore/health", document.baseURI);
const stream = new URL("./_stcore/stream", document.baseURI);
const box = document.createElement("div");
box.className = "no-connection";
box.setAttribute("role", "alert");
box.hidden = true;
document.body.append(box);

/** When the app was last surely connected; before, when it first appeared. */
let lastGood = performance.now();
/** When the present connection was first seen; undefined without one. @type {number | undefined} */
let opened;
let asked = -Infinity;

setInterval(look, LOOK_MS);
new MutationObserver(closeStreamlitsDialog).observe(document.body, { childList: true });
addEventListener("offline", look);

/**
 * Close Streamlit's own dialog about the connection, before it is painted. It lies above the page's
 * last state, speaks of a terminal, in English, and makes all else inert: no screen reader would
 * read the box.
 */
function closeStreamlitsDialog() {
  for (const dialog of document.querySelectorAll("[data-testid=stDialog]")) {
    if (!(dialog instanceof HTMLElement)) continue;
    if (dialog.querySelector("h2")?.textContent !== STREAMLITS_TITLE) continue;
    dialog.style.setProperty("display", "none", "important"); // also while it fades out
    dialog.querySelector("section > button")?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  }
}

/** @returns {Record<string, Record<Problem, string>>} */
function readTexts() {
  return JSON.parse(document.getElementById("connection-texts")?.textContent ?? "");
}

function look() {
  const now = performance.now();
  const state = connectionState();
  if (state === undefined) lastGood = now; // Streamlit's scripts are still on their way
  opened = state === "CONNECTED" ? (opened ?? now) : undefined;
  if (!navigator.onLine) {
    show("offline");
  } else if (opened !== undefined && now - opened >= STEADY_MS) {
    lastGood = now;
    box.hidden = true;
  } else if (now - lastGood >= (drawn() ? AGAIN_MS : FIRST_MS)) {
    explain(now);
  }
}

/** @returns {string | null | undefined} */
function connectionState() {
  const app = document.querySelector("[data-testid=stApp]");
  return app?.getAttribute("data-test-connection-state");
}

/** Whether the server has ever said what the page shows. */
function drawn() {
  return document.querySelector("[data-testid=stElementContainer]") !== null;
}

/**
 * Ask the server without a websocket: if it answers, it has no room for one, or something on the
 * way is against websockets.
 * @param {number} now
 */
async function explain(now) {
  if (now - asked < ANSWER_MS) return;
  asked = now;
  const answers = (await statusOf(health)) === 200;
  const crowded = answers && (await statusOf(stream)) === TOO_MANY;
  if (lastGood > now) return;
  if (!answers) show("unreachable");
  else if (crowded) show("crowded");
  else if (now - lastGood >= FIRST_MS) show("blocked");
}

/**
 * Return the status of the server's answer, 0 without one.
 * @param {URL} address
 */
async function statusOf(address) {
  return fetch(address, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
    (answer) => answer.status,
    () => 0,
  );
}

/** @param {Problem} problem */
function show(problem) {
  // A screen reader reads what changes.
  const said = texts[language()][problem];
  if (box.textContent !== said) box.textContent = said;
  box.hidden = false;
}
