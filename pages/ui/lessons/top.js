// The top of a page, to which the browser goes when there is something else below it.

import { find, viewOf } from "../widgets/dom.js";

/** @import { Call } from "../widgets/types.js" */
/** @typedef {{ at: string }} Data what the page shows */

/** @param {Call<Data>} call */
export default function ({ data, parentElement }) {
  const root = find(parentElement, ".top", HTMLElement);
  const view = viewOf(root, () => ({ at: data.at }));
  if (view.at !== data.at) root.scrollIntoView({ block: "start" });
  view.at = data.at;
}
