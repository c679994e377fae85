// The language of the page, found as `pages.ui.i18n.text` finds it.

const LANGUAGES = ["de", "en"]; // a folder of `assets/text` each
const FALLBACK = "en";

/** Return the language that the address asks for, else that of a page taken home, else that of the browser. */
export function language() {
  const asked = new URLSearchParams(location.search).getAll("lang").pop();
  const wished = asked ?? document.documentElement.dataset.language ?? navigator.language;
  const short = wished.split("-")[0].toLowerCase();
  return LANGUAGES.includes(short) ? short : FALLBACK;
}
