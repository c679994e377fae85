// Numbers as the page's language writes them.

const LANGUAGES = ["de", "en"]; // a folder of `assets/text` each
const FALLBACK = "en";
/** @type {Map<string, string>} */
const signs = new Map();

/** Return the page's language, found as `pages.ui.i18n.text` finds it. */
function language() {
  const wished = new URLSearchParams(location.search).getAll("lang").pop() ?? navigator.language;
  const short = wished.split("-")[0].toLowerCase();
  return LANGUAGES.includes(short) ? short : FALLBACK;
}

/** @param {string} name */
function decimalSign(name) {
  const known = signs.get(name);
  if (known) return known;
  const parts = new Intl.NumberFormat(name).formatToParts(0.5);
  const sign = parts.find(({ type }) => type === "decimal")?.value ?? ".";
  signs.set(name, sign);
  return sign;
}

/**
 * Return a number, as `toFixed` and its like write it, with the decimal sign of the page's language.
 *
 * @param {string} written
 */
export const localized = (written) => written.replace(".", decimalSign(language()));
