// The rows of sliders: a bar that shows how much the slider changes the image, a name, a track, a value.

import { element } from "../widgets/dom.js";
import { localized } from "../widgets/numbers.js";

/**
 * @typedef {object} Slider as `pages.ui.latent.sliders.Slider` describes it
 * @property {string} label
 * @property {string} note
 * @property {number} low
 * @property {number} high
 * @property {number} rest
 * @property {number} weight
 * @property {number} step
 * @property {[number, number, number] | null} quartiles
 * @property {number} index
 * @property {number[][] | null} vectors
 * @property {number[][][] | null} paths
 *
 * @typedef {object} Hand what a row calls
 * @property {(row: Row) => void} moved
 * @property {() => void} released
 * @property {(row: Row) => void} reset
 */

export class Row {
  /** @param {Slider} slider @param {number} place @param {Hand} hand */
  constructor(slider, place, hand) {
    this.slider = slider;
    this.value = slider.rest;
    this.row = element("div", { className: "row" });
    this.input = element("input", { type: "range", id: `slider-${place}` });
    this.output = element("output");
    this.half = element("i", { className: "half" });
    this.middle = element("i", { className: "middle" });
    this.weight = element("i", { className: "weight" });
    const name = element("label", { textContent: slider.label, htmlFor: this.input.id });
    const track = element("div", { className: "track" });
    track.append(this.half, this.middle, this.input);
    this.row.append(this.weight, name, track, this.output);
    this.input.oninput = () => {
      this.value = this.input.valueAsNumber;
      hand.moved(this);
    };
    this.input.onchange = () => hand.released();
    this.row.ondblclick = () => hand.reset(this);
    this.input.onkeydown = (event) => {
      if (event.key !== "Delete" && event.key !== "Backspace") return;
      event.preventDefault();
      hand.reset(this);
    };
  }

  /** Update the range for the code, and widen it if the value is outside. @param {Slider} slider */
  fit(slider) {
    const { low, high, step, quartiles } = slider;
    this.slider = slider;
    Object.assign(this.input, { min: low, max: high, step });
    this.input.valueAsNumber = this.value;
    this.row.title = this.input.ariaDescription = slider.note;
    this.weight.style.setProperty("--share", String(slider.weight));
    this.half.hidden = this.middle.hidden = !quartiles;
    if (!quartiles) return;
    /** @param {number} value */
    const share = (value) => (100 * (value - low)) / (high - low);
    this.half.style.left = `${share(quartiles[0])}%`;
    this.half.style.width = `${share(quartiles[2]) - share(quartiles[0])}%`;
    this.middle.style.left = `${share(quartiles[1])}%`;
  }

  /** Show the value. */
  say() {
    this.input.valueAsNumber = this.value;
    const written = this.value.toFixed(Math.abs(this.value) < 100 ? 2 : 0);
    // What is added to a code has a sign: 0 changes nothing, whatever the picture is like.
    const sign = !this.slider.vectors || this.value < 0 ? "" : this.value > 0 ? "+" : "±";
    this.output.textContent = sign + localized(written);
  }
}

/**
 * Put rows into a place, with parts that are folded up.
 *
 * @param {HTMLElement} place
 * @param {Row[]} rows
 * @param {[first: number, title: string][]} folds the first row of each part, and its title
 */
export function placeRows(place, rows, folds) {
  const ends = [...folds.map(([first]) => first), rows.length];
  const parts = folds.map(([first, textContent], part) => {
    const folded = element("details");
    folded.append(element("summary", { textContent }), ...rows.slice(first, ends[part + 1]).map(({ row }) => row));
    return folded;
  });
  place.replaceChildren(...rows.slice(0, ends[0]).map(({ row }) => row), ...parts);
}
