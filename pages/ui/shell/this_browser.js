// The buttons that have the browser remembered or left: the server's answer changes its cookie.

import { element, find } from "../widgets/dom.js";

/** @import { Call } from "../widgets/types.js" */
/** @typedef {{ route: string, remember: string, leave: string, failed: string }} Data */

/** Open the page anew: whoever leaves also leaves what the address says, such as a class's secret. @param {string} action */
function reopen(action) {
  if (action !== "leave") return location.reload();
  const language = new URLSearchParams(location.search).get("lang");
  location.replace(location.pathname + (language ? `?lang=${encodeURIComponent(language)}` : ""));
}

/** @param {Call<Data>} call */
export default function ({ data, parentElement }) {
  const actions = find(parentElement, ".actions", HTMLElement);
  const failed = find(parentElement, ".failed", HTMLElement);
  const offered = /** @type {const} */ (["remember", "leave"]).filter((action) => data[action]);
  const buttons = offered.map((action) => {
    const button = element("button", { type: "button", textContent: data[action] });
    button.onclick = async () => {
      failed.hidden = true;
      try {
        // Relative, as only the browser knows where a proxy has the app.
        const address = new URL(`./${data.route}/${action}`, document.baseURI);
        const answer = await fetch(address, { method: "POST" });
        if (!answer.ok) throw new Error(`${answer.status}`);
        reopen(action);
      } catch (error) {
        console.error(error);
        [failed.textContent, failed.hidden] = [data.failed, false];
      }
    };
    return button;
  });
  actions.replaceChildren(...buttons);
}
