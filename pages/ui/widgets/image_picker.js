// A grid of images; a click, Enter or Space chooses one.

import { element, find } from "./dom.js";

/** @import { Call } from "./types.js" */
/** @typedef {{ pictures: string[], names: string[], chosen: number, label: string }} Data */

/** @param {Call<Data>} call */
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = find(parentElement, ".picker", HTMLElement);
  const buttons = data.pictures.map((src, index) => {
    const button = element("button", { type: "button", title: data.names[index] });
    button.append(element("img", { src, alt: data.names[index] }));
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
  grid.replaceChildren(...buttons);
}
