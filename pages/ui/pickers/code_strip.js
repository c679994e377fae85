// A picture, the code between it and its drawing as bars with numbers, and the drawing.

import { clamp, element, filled, find } from "../widgets/dom.js";
import { localized } from "../widgets/numbers.js";

/** @import { Words } from "../widgets/types.js" */

export class CodeStrip {
  /**
   * @param {HTMLElement} root with the HTML of `pages.ui.pickers.code_strip`
   * @param {number} count the numbers of a code
   * @param {(place: number, value: number) => void} [move] takes a number that a hand has moved
   */
  constructor(root, count, move) {
    this.root = root;
    this.scale = 1;
    this.original = find(root, ".given img", HTMLImageElement);
    this.canvas = find(root, ".drawn canvas", HTMLCanvasElement); // whoever has the decoder draws on it
    this.cells = Array.from({ length: count }, (_, i) => cellOf(move && ((value) => move(i, value))));
    find(root, ".numbers", HTMLElement).append(...this.cells.map(({ cell }) => cell));
  }

  /** @param {Words} words @param {number} scale the largest usual number of a code */
  update(words, scale) {
    this.scale = scale;
    for (const kind of ["given", "code", "drawn"])
      find(this.root, `.${kind} figcaption`, HTMLElement).textContent = words[kind];
    for (const kind of ["encoder", "decoder"])
      find(this.root, `.${kind}`, HTMLElement).textContent = words[kind];
    this.original.alt = words.given;
    this.canvas.ariaLabel = words.drawn;
    for (const [i, { input }] of this.cells.entries()) {
      const [min, max, step] = [-scale, scale, scale / HALF].map(String);
      Object.assign(input, { min, max, step, ariaLabel: filled(words.number, "number", i + 1) });
    }
  }

  /** Show a picture, and lines at its own code. @param {string} picture a URL @param {ArrayLike<number>} own */
  show(picture, own) {
    this.original.src = picture;
    this.cells.forEach(({ line }, i) => (line.style.bottom = `${50 + 50 * this.height(own[i])}%`));
  }

  /** Draw a code as bars and as numbers. @param {ArrayLike<number>} code */
  draw(code) {
    for (const [i, { bar, number, input }] of this.cells.entries()) {
      bar.style.transform = `scaleY(${this.height(code[i])})`;
      number.textContent = input.ariaValueText = written(code[i]);
      input.valueAsNumber = code[i];
    }
  }

  /** Return a number of a code as a share of a bar's room above or below zero. @param {number} value */
  height(value) {
    return clamp(value / this.scale, -1, 1);
  }
}

const HALF = 25; // steps of an arrow key from zero to the end of a bar's room

/** @param {number} value */
export const written = (value) => localized(value.toFixed(2));

/** Make the room of a number: a bar, a line for the picture's own number, and the digits. @param {(value: number) => void} [move] */
function cellOf(move) {
  const [cell, room] = [element("div"), element("div", { className: "room" })];
  const [bar, line] = [element("i", { className: "bar" }), element("i", { className: "line" })];
  const [number, input] = [element("span"), element("input", { type: "range" })];
  room.append(bar, line);
  if (move) {
    room.append(input); // not to be seen: the bar is
    input.oninput = () => move(input.valueAsNumber);
  }
  cell.append(room, number);
  return { cell, bar, line, number, input };
}
