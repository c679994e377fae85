// A grid of images; a click, Enter or Space chooses one.

import { penOf } from "./canvas.js";
import { element, find } from "./dom.js";

/** @import { Call } from "./types.js" */
/** @typedef {{ strip: string, count: number }} Strip the address of images side by side */
/** @typedef {{ pictures: string[] | Strip, names: string[], chosen: number, label: string }} Data */

/** The strip that a grid shows. @type {WeakMap<HTMLElement, string>} */
const shown = new WeakMap();

/** @param {Call<Data>} call */
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = find(parentElement, ".picker", HTMLElement);
  const { pictures } = data;
  const buttons = data.names.map((name, index) => {
    // The same button as before: a new one would not have the focus of whoever has just pressed it.
    const button = /** @type {HTMLButtonElement} */ (grid.children[index] ?? made());
    const image = imageOf(button);
    if (Array.isArray(pictures) && image.getAttribute("src") !== pictures[index]) image.src = pictures[index];
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
  if (Array.isArray(pictures)) shown.delete(grid);
  else if (shown.get(grid) !== pictures.strip) {
    shown.set(grid, pictures.strip);
    cut(pictures).then(
      (tiles) => shown.get(grid) === pictures.strip && tiles.forEach((tile, i) => (imageOf(buttons[i]).src = tile)),
      () => {
        shown.delete(grid); // offline, or the server has it no more: then a message brings it
        setTriggerValue("gone", pictures.strip);
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

/** Load a strip and return each of its images as a data URL, pixel by pixel. @param {Strip} strip */
async function cut({ strip, count }) {
  const whole = new Image();
  whole.src = new URL(strip, document.baseURI).href;
  await whole.decode();
  const canvas = element("canvas");
  [canvas.width, canvas.height] = [whole.naturalWidth / count, whole.naturalHeight];
  return Array.from({ length: count }, (_, i) => {
    penOf(canvas).drawImage(whole, -i * canvas.width, 0);
    return canvas.toDataURL();
  });
}
