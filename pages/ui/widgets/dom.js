// Helpers that find and create elements in components.

/** @import { Pairs, Words } from "./types.js" */

/**
 * Find an element that must exist.
 *
 * @template {Element} Found
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => Found} type
 */
export function find(root, selector, type) {
  const found = root.querySelector(selector);
  if (found instanceof type) return found;
  throw new Error(`The component has no ${selector}.`);
}

/**
 * Create an element with properties.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Partial<HTMLElementTagNameMap[Name]>} properties
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}

/** @type {WeakMap<Element, unknown>} */
const views = new WeakMap();

/**
 * Return the view of an element; it is created once and lives as long as the element.
 *
 * @template View
 * @template {Element} Root
 * @param {Root} root
 * @param {(root: Root) => View} make
 */
export function viewOf(root, make) {
  if (!views.has(root)) views.set(root, make(root));
  return /** @type {View} */ (views.get(root));
}

/**
 * Return sentences by name.
 *
 * @param {Pairs} pairs
 * @returns {Words}
 */
export const wordsOf = (pairs) => Object.fromEntries(pairs);

/**
 * Return a sentence with its {name} replaced by a value.
 *
 * @param {string} sentence
 * @param {string} name
 * @param {string | number} value
 */
export const filled = (sentence, name, value) => sentence.replace(`{${name}}`, () => String(value));

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
