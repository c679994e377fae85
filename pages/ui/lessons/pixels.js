// The pixels of a picture as squares with their values; the pointer, a finger or the arrow keys pick one.

import { clamp, element, filled, find, viewOf, wordsOf } from "../widgets/dom.js";

/** @import { Call, Pairs, Words } from "../widgets/types.js" */
/**
 * @typedef {object} Data as `pages.ui.lessons.pixels` describes it
 * @property {number[][]} values rows of brightness values from 0 to 1
 * @property {string[][]} written the same in the page's language
 * @property {Pairs} words
 */

const MIDDLE = 0.46; // from here on, black writing has more contrast than white
/** @type {Record<string, [down: number, right: number]>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** @param {Call<Data>} call */
export default function ({ data, parentElement }) {
  viewOf(find(parentElement, ".pixels", HTMLElement), (root) => new Pixels(root)).update(data);
}

class Pixels {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.grid = find(root, ".grid", HTMLElement);
    this.said = find(root, ".said", HTMLElement);
    /** @type {HTMLElement[][]} */
    this.cells = [];
    this.grid.onpointermove = this.grid.onpointerdown = (event) => this.point(event);
    this.grid.onkeydown = (event) => this.press(event);
  }

  /** @param {Data} data */
  update({ values, written, words }) {
    this.sentences = wordsOf(words);
    this.grid.ariaLabel = this.sentences.title;
    this.said.textContent = this.sentences.hint;
    this.cells = values.map((row, i) => row.map((value, k) => this.cell(i, k, value, written[i][k])));
    const rows = this.cells.map((cells) => {
      const row = element("div", { className: "row", role: "row" });
      row.append(...cells);
      return row;
    });
    this.grid.replaceChildren(...rows);
    this.cells[0][0].tabIndex = 0; // the arrow keys lead on from here
  }

  /** @param {number} row @param {number} column @param {number} value @param {string} written */
  cell(row, column, value, written) {
    const cell = element("div", { role: "gridcell", tabIndex: -1, textContent: written });
    const level = Math.round(255 * value);
    cell.style.background = `rgb(${level} ${level} ${level})`;
    cell.style.color = value < MIDDLE ? "white" : "black";
    const sentence = filled(this.words.pixel, "row", row + 1);
    cell.ariaLabel = filled(filled(sentence, "column", column + 1), "value", written);
    cell.onfocus = () => {
      for (const each of this.cells.flat()) each.tabIndex = each === cell ? 0 : -1;
      this.show(cell);
    };
    return cell;
  }

  get words() {
    return /** @type {Words} */ (this.sentences);
  }

  /** @param {HTMLElement} cell */
  show(cell) {
    for (const each of this.cells.flat()) each.classList.toggle("shown", each === cell);
    this.said.textContent = cell.ariaLabel;
  }

  /** Show the pixel below the pointer, whatever had the finger first. @param {PointerEvent} event */
  point({ clientX, clientY }) {
    const { left, top, width, height } = this.grid.getBoundingClientRect();
    /** @param {number} share @param {number} count */
    const place = (share, count) => clamp(Math.floor(share * count), 0, count - 1);
    const row = this.cells[place((clientY - top) / height, this.cells.length)];
    this.show(row[place((clientX - left) / width, row.length)]);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault(); // the page would scroll
    const row = this.cells.findIndex((cells) => cells.some((cell) => cell === event.target));
    const column = this.cells[row].findIndex((cell) => cell === event.target);
    this.cells[row + step[0]]?.[column + step[1]]?.focus();
  }
}
