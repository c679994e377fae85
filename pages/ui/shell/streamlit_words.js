// Puts the words of Streamlit's own page into the language of the app's: its widgets for files, photos
// and choices have theirs in English only. What is replaced is a whole text or label, never a part.

import { language } from "../widgets/language.js";

const ATTRIBUTES = ["aria-label", "title", "placeholder"];
const FIELD = /\{\w+\}/;
/** Here stand the app's own texts and what visitors wrote; only the button for a file is Streamlit's. */
const OTHERS = ":not([data-testid=stFileUploader] button *):is([data-testid=stMarkdownContainer], script, style)";
const SLIDER = "[data-testid=stSlider]";
const DECIMAL = /^(-?\d+)[.,](\d{1,2})$/;
const GROUPED = /^(-?\d{1,3})[.,](\d{3})$/; // no slider has three decimals

/** By language, Streamlit's sentences by key. @type {Record<string, Record<string, string>>} */
const words = JSON.parse(document.getElementById("streamlit-words")?.textContent ?? "{}");
/** Of every language: a sentence that is found, with one field at most, and its key. */
const known = Object.values(words).flatMap(Object.entries).map(([key, said]) => ({ key, ends: said.split(FIELD) }));
let shown = "en";

new MutationObserver(look).observe(document.body, {
  subtree: true, childList: true, characterData: true, attributeFilter: ATTRIBUTES,
});

/** @param {MutationRecord[]} changes */
function look(changes) {
  const now = language();
  if (now !== shown) {
    shown = now;
    visit(document.body);
  } else if (now !== "en") {
    for (const { target, addedNodes, type } of changes) {
      if (type === "childList") addedNodes.forEach(visit);
      else visit(target);
    }
  }
}

/** @param {Node} node */
function visit(node) {
  if (node instanceof Text) {
    const said = node.data.trim();
    const own = node.parentElement?.closest(SLIDER) ? number(said)
      : node.parentElement?.closest(OTHERS) ? said : translated(said);
    if (own !== said) node.data = node.data.replace(said, () => own);
  } else if (node instanceof HTMLElement) { // no drawing: a chart has hundreds of nodes
    for (const name of ATTRIBUTES) {
      const said = node.getAttribute(name);
      const own = said && translated(said);
      if (said && own && own !== said) node.setAttribute(name, own);
    }
    node.childNodes.forEach(visit);
  }
}

/** Return a slider's number in the page's language. @param {string} said */
function number(said) {
  const { point, group } = words[shown];
  return said.replace(DECIMAL, `$1${point}$2`).replace(GROUPED, `$1${group}$2`);
}

/** Return a sentence of Streamlit's in the page's language, another one as it is. @param {string} said */
function translated(said) {
  for (const { key, ends: [before, after] } of known) {
    if (after === undefined ? said !== before : !(said.startsWith(before) && said.endsWith(after))) continue;
    const field = after === undefined ? "" : said.slice(before.length, said.length - after.length);
    if (after !== undefined && !field) continue;
    return words[shown][key].replace(FIELD, () => field);
  }
  return said;
}
