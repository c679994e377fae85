// Takes the browser to the top of the page when there is something else below it.

/** @import { Call } from "../widgets/types.js" */
/** @typedef {{ at: string }} Data what the page shows */

let shown = ""; // of the tab, not of this component: Streamlit may have made it anew with the step

/** @param {Call<Data>} call */
export default function ({ data }) {
  // The browser cannot scroll to this component: its style places it outside of what scrolls.
  if (shown && shown !== data.at) document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  shown = data.at;
}
