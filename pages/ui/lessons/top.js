// The top of a page, to which the browser goes when there is something else below it.

import { find } from "../widgets/dom.js";

/** @import { Call } from "../widgets/types.js" */
/** @typedef {{ at: string }} Data what the page shows */

let shown = ""; // of the tab, not of this component: Streamlit may have made it anew with the step

/** @param {Call<Data>} call */
export default function ({ data, parentElement }) {
  if (shown && shown !== data.at) find(parentElement, ".top", HTMLElement).scrollIntoView({ block: "start" });
  shown = data.at;
}
