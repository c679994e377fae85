// Keeps the document's language the one that its page shows: by it, a screen reader pronounces and a
// browser hyphenates. Streamlit's page says "en" whatever it shows.

import { language } from "../widgets/language.js";

const say = () => {
  document.documentElement.lang = language();
};

// The switch of languages changes the address and loads nothing, of which no event tells everywhere.
for (const name of /** @type {const} */ (["pushState", "replaceState"])) {
  const change = history[name].bind(history);
  history[name] = (...to) => {
    change(...to);
    say();
  };
}
addEventListener("popstate", say);
say();
