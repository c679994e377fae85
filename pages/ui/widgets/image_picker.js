// A grid of images; a click, Enter or Space chooses one.

import { penOf } from "./canvas.js";
import { element, find } from "./dom.js";

/** @import { Call } from "./types.js" */
/**
 * @typedef {object} Data
 * @property {string[]} pictures data URLs, none if there is a strip
 * @property {string} strip the address of as many images side by side as there are names, or ""
 * @property {string[]} names
 * @property {number} chosen
 * @property {string} label
 */

/** The strip that a grid shows. @type {WeakMap<HTMLElement, string>} */
const shown = new WeakMap();

/** @param {Call<Data>} call */
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = find(parentElement, ".picker", HTMLElement);
  const { pictures, strip, names } = data;
  const buttons = names.map((name, index) => {
    // The same button as before: a new one would not have the focus of whoever has just pressed it.
    const button = /** @type {HTMLButtonElement} */ (grid.children[index] ?? made());
    const image = imageOf(button);
    if (!strip && image.getAttribute("src") !== pictures[index]) image.src = pictures[index];
    image.alt = button.title = name;
    button.onclick = () => {
      mark(button);
      setTriggerValue("picked", index);
    };
    return button;
  });
  /** @param {HTMLButtonElement | undefined} chosen */
  function mark(chosen) {
    for (const button of buttons) {
      button.className = button === chosen ? "chosen" : "";
      button.ariaPressed = String(button === chosen);
    }
  }
  mark(buttons[data.chosen]);
  grid.ariaLabel = data.label;
  for (const gone of [...grid.children].slice(buttons.length)) gone.remove();
  grid.append(...buttons.slice(grid.children.length));
  if (!strip) shown.delete(grid);
  else if (shown.get(grid) !== strip) {
    shown.set(grid, strip);
    cut(strip, names.length).then(
      (tiles) => shown.get(grid) === strip && tiles.forEach((tile, i) => (imageOf(buttons[i]).src = tile)),
      () => {
        shown.delete(grid); // offline, or the server has it no more: then a message brings it
        if (!strip.startsWith("data:")) setTriggerValue("gone", strip);
      },
    );
  }
}

/** @param {HTMLElement} button */
const imageOf = (button) => find(button, "img", HTMLImageElement);

function made() {
  const button = element("button", { type: "button" });
  button.append(element("img"));
  return button;
}

/** Load a strip and return its images as data URLs, pixel by pixel. @param {string} strip @param {number} count */
async function cut(strip, count) {
  const whole = new Image();
  await new Promise((loaded, failed) => {
    Object.assign(whole, { onload: loaded, onerror: failed }); // `decode` would fail in WebKit
    whole.src = new URL(strip, document.baseURI).href;
  });
  const canvas = element("canvas");
  [canvas.width, canvas.height] = [whole.naturalWidth / count, whole.naturalHeight];
  return Array.from({ length: count }, (_, i) => {
    penOf(canvas).drawImage(whole, -i * canvas.width, 0);
    return canvas.toDataURL();
  });
}
