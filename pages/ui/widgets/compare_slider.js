// Shows the image before on the left of a line, and the image after on its right.

import { find } from "./dom.js";

/** @import { Call } from "./types.js" */
/** @typedef {{ before: string, after: string, names: string[], squares: boolean, label: string }} Data */

/** @param {Call<Data>} call */
export default function ({ data, parentElement }) {
  const root = find(parentElement, ".wipe", HTMLElement);
  const slider = find(root, "input", HTMLInputElement);
  const sides = /** @type {const} */ (["before", "after"]);
  for (const [index, side] of sides.entries()) {
    const image = find(root, `.${side}`, HTMLImageElement);
    if (image.getAttribute("src") !== data[side]) image.src = data[side];
    image.alt = data.names[index];
  }
  find(root, ".left", HTMLElement).textContent = data.names[0];
  find(root, ".right", HTMLElement).textContent = data.names[1];
  root.classList.toggle("squares", data.squares);
  slider.ariaLabel = data.label;
  slider.oninput = () => root.style.setProperty("--at", `${slider.value}%`);
}
