// A grid of images; a click, Enter or Space chooses one.

import { element, find } from "./dom.js";

/** @import { Call } from "./types.js" */
/** @typedef {{ pictures: string[], names: string[], chosen: number, label: string }} Data */

/** @param {Call<Data>} call */
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = find(parentElement, ".picker", HTMLElement);
  const buttons = data.pictures.map((src, index) => {
    // The same button as before: a new one would not have the focus of whoever has just pressed it.
    const button = /** @type {HTMLButtonElement} */ (grid.children[index] ?? made());
    const image = find(button, "img", HTMLImageElement);
    if (image.getAttribute("src") !== src) image.src = src;
    image.alt = button.title = data.names[index];
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
}

function made() {
  const button = element("button", { type: "button" });
  button.append(element("img"));
  return button;
}
