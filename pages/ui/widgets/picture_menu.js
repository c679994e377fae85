// A menu of entries with a picture and a line of text, in groups. The list lies above the page; the
// arrow keys go from entry to entry, Escape closes it.

import { element, find } from "./dom.js";

/** @import { Call } from "./types.js" */
/** @typedef {[id: string, group: string, title: string, about: string, picture: string]} Entry */
/** @typedef {{ label: string, entries: Entry[], chosen: string }} Data */

const MARGIN = 8; // CSS pixels between the list and the edges of the window
/** Where a key leads to among entries. @type {Record<string, (at: number, count: number) => number>} */
const STEPS = {
  ArrowDown: (at, count) => Math.min(at + 1, count - 1),
  ArrowUp: (at) => Math.max(at - 1, 0),
  Home: () => 0,
  End: (_, count) => count - 1,
};

const OPENING = ["ArrowDown", "ArrowUp", "Enter", " "]; // as of any menu

/** @param {Call<Data>} call */
export default function ({ data, parentElement, setTriggerValue }) {
  const open = find(parentElement, ".open", HTMLButtonElement);
  const list = find(parentElement, ".list", HTMLElement);
  const label = find(parentElement, ".label", HTMLElement);
  label.textContent = data.label;
  const chosen = data.entries.find(([id]) => id === data.chosen) ?? data.entries[0];
  open.replaceChildren(...parts(chosen));

  // Of itself the browser gives the focus to the component around the button, which cannot have it.
  const close = () => {
    list.hidePopover();
    open.focus();
  };
  /** @type {Node[]} */
  const rows = [];
  let group = "";
  for (const entry of data.entries) {
    if (entry[1] !== group) {
      group = entry[1];
      rows.push(element("div", { className: "group", textContent: group }));
    }
    const row = element("button", { type: "button" });
    row.append(...parts(entry));
    row.ariaPressed = String(entry === chosen);
    row.onclick = () => {
      close();
      if (entry !== chosen) setTriggerValue("picked", entry[0]);
    };
    row.onblur = ({ relatedTarget: next }) => {
      if (next instanceof Node && !list.contains(next)) list.hidePopover(); // Tab has left the list
    };
    rows.push(row);
  }
  list.replaceChildren(...rows);
  open.popoverTargetElement = list;
  const isOpen = () => list.matches(":popover-open");
  list.ontoggle = () => {
    if (isOpen() && !list.querySelector(":focus")) place(open, list);
  };
  list.onkeydown = (event) => {
    const step = STEPS[event.key];
    if (event.key === "Escape") close();
    if (!step) return;
    event.preventDefault(); // the list would scroll
    const entries = [...list.querySelectorAll("button")];
    const at = entries.findIndex((entry) => entry.matches(":focus"));
    entries[step(at, entries.length)].focus();
  };
  open.onkeydown = (event) => {
    if (!OPENING.includes(event.key)) return;
    event.preventDefault();
    if (!isOpen()) list.showPopover();
    place(open, list); // at once: the next key may come before the browser tells that it is open
  };
}

/** @param {Entry} entry */
function parts([, , title, about, picture]) {
  const words = element("span", { className: "words" });
  words.append(element("b", { textContent: title }), element("small", { textContent: about }));
  return picture ? [element("img", { src: picture, alt: "" }), words] : [words];
}

/**
 * Place the list below the button, or above it where there is more room, and begin at what is chosen.
 *
 * @param {HTMLElement} open
 * @param {HTMLElement} list
 */
function place(open, list) {
  const box = open.getBoundingClientRect();
  const width = Math.min(Math.max(box.width, 340), innerWidth - 2 * MARGIN);
  const below = innerHeight - box.bottom - 2 * MARGIN;
  const above = box.top - 2 * MARGIN;
  const left = Math.max(MARGIN, Math.min(box.left, innerWidth - width - MARGIN));
  list.style.width = `${width}px`;
  list.style.left = `${left}px`;
  list.style.maxHeight = `${Math.max(below, above)}px`;
  list.style.top = below >= above ? `${box.bottom + MARGIN / 2}px` : "auto";
  list.style.bottom = below >= above ? "auto" : `${innerHeight - box.top + MARGIN / 2}px`;
  const chosen = find(list, "[aria-pressed=true]", HTMLElement);
  chosen.scrollIntoView({ block: "nearest" });
  chosen.focus();
}
