// An address to copy. Where the page came by http, a browser has no clipboard for scripts: then what is
// selected is copied, and where that fails, too, it stays selected for the hand.

import { find } from "../widgets/dom.js";

/** @import { Call } from "../widgets/types.js" */
/** @typedef {{ shared: string, address: string, copy: string, copied: string, by_hand: string }} Data */

/** @param {Call<Data>} call */
export default function ({ data, parentElement }) {
  const input = find(parentElement, "input", HTMLInputElement);
  const button = find(parentElement, "button", HTMLButtonElement);
  const said = find(parentElement, ".said", HTMLElement);
  if (input.value !== data.shared) said.textContent = "";
  input.value = data.shared;
  input.ariaLabel = data.address;
  input.onfocus = () => input.select();
  button.textContent = data.copy;
  button.onclick = async () => {
    said.textContent = (await copied(input)) ? data.copied : data.by_hand;
  };
}

/** Copy a field's text; return whether it worked. @param {HTMLInputElement} input */
async function copied(input) {
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
