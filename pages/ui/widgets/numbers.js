// Numbers as the page's language writes them.

import { language } from "./language.js";

/** @type {Map<string, string>} */
const signs = new Map();

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
 * Return a number, as `toFixed` and its like write it, with the decimal sign of the page's language, a true
 * minus sign, and none before zero.
 *
 * @param {string} written
 */
export const localized = (written) =>
  written.replace(/^-(?=[0.]*$)/, "").replace("-", "−").replace(".", decimalSign(language()));
