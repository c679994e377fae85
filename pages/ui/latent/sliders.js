// Sliders that move a code, and the images that follow them.
//
// The code starts at `data.origin`. A slider with an `index` sets one latent dimension, one with a
// `vector` adds its value times that direction, and one with a `path` moves between codes. When the
// visitor releases a slider, the server receives the code or the sliders' values (`data.sends`).

import { element, filled, find, viewOf, wordsOf } from "../widgets/dom.js";
import { localized } from "../widgets/numbers.js";
import { along, asText, sample } from "./codes.js";
import { Pictures, Settling } from "./pictures.js";

/** @import { Call, Words } from "../widgets/types.js" */
/** @import { Gaussian } from "./codes.js" */
/** @import { Shown, Target } from "./pictures.js" */
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
 * @property {number[] | null} vector
 * @property {number[][] | null} path
 *
 * @typedef {object} Own
 * @property {string} name
 * @property {Slider[]} sliders
 * @property {number[]} values
 * @property {number[]} origin
 * @property {"code" | "values"} sends
 * @property {number} shown the number of sliders at once
 * @property {string} reset
 * @property {Target} target
 * @property {[] | [Gaussian]} random
 *
 * @typedef {Shown & Own} Data
 * @typedef {ReturnType<View["row"]>} Row
 */

/** @param {Call<Data>} call */
export default function ({ data, parentElement, setTriggerValue }) {
  const view = viewOf(find(parentElement, ".latent", HTMLElement), (root) => new View(root, data));
  view.update(data, (text) => setTriggerValue("code", text));
  return () => view.close();
}

class View {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    this.data = data;
    this.words = wordsOf(data.words);
    const [pictures, status, rows, buttons] = [".pictures", ".status", ".rows", ".buttons"].map((name) =>
      find(root, name, HTMLElement),
    );
    this.places = { status, rows, buttons };
    this.pictures = new Pictures(pictures, () => this.draw());
    this.settling = new Settling();
    /** @type {Row[]} */
    this.sliders = [];
    this.form = "";
  }

  close() {
    this.settling.flush();
    this.pictures.close();
  }

  /** @param {Data} data @param {(text: string) => void} send */
  update(data, send) {
    this.settling.send = send;
    this.data = data;
    this.words = wordsOf(data.words);
    this.pictures.show(data.models, this.words, data.target);
    const form = JSON.stringify([data.name, data.sliders.map(({ label }) => label)]);
    const isNews = this.settling.isNews(data.at);
    if (form !== this.form) this.build();
    data.sliders.forEach((slider, place) => this.fit(this.sliders[place], slider));
    if (form !== this.form || isNews) this.take(data.values);
    this.form = form;
    this.pictures.soon();
  }

  build() {
    this.sliders = this.data.sliders.map((slider, place) => this.row(slider, place));
    /** @type {HTMLElement[]} */
    const rows = this.sliders.map(({ row }) => row);
    const rest = rows.splice(this.data.shown);
    if (rest.length) {
      const more = element("details");
      const textContent = filled(this.words.rest, "count", rest.length);
      more.append(element("summary", { textContent }), ...rest);
      rows.push(more);
    }
    this.places.rows.replaceChildren(...rows);
    this.places.buttons.replaceChildren(...this.buttons());
  }

  /** @param {Slider} slider @param {number} place */
  row(slider, place) {
    const row = element("div", { className: "row" });
    const name = element("label", { textContent: slider.label, htmlFor: `slider-${place}` });
    const input = element("input", { type: "range", id: `slider-${place}` });
    const output = element("output");
    const track = element("div", { className: "track" });
    const [half, middle] = [element("i", { className: "half" }), element("i", { className: "middle" })];
    track.append(half, middle, input);
    const weight = element("i", { className: "weight" });
    row.append(weight, name, track, output);
    const made = { slider, row, input, output, half, middle, weight, value: slider.rest };
    input.oninput = () => {
      made.value = input.valueAsNumber;
      this.moved([made]);
    };
    input.onchange = () => this.settle();
    row.ondblclick = () => this.reset([made]);
    input.onkeydown = (event) => {
      if (event.key !== "Delete" && event.key !== "Backspace") return;
      event.preventDefault();
      this.reset([made]);
    };
    return made;
  }

  /** Update a slider's range for the code, and widen it if the value is outside. @param {Row} made @param {Slider} slider */
  fit(made, slider) {
    const { low, high, step, quartiles } = slider;
    const { input, row, weight, half, middle } = made;
    made.slider = slider;
    Object.assign(input, { min: low, max: high, step });
    input.valueAsNumber = made.value;
    row.title = slider.note;
    weight.style.setProperty("--share", String(slider.weight));
    half.hidden = middle.hidden = !quartiles;
    if (!quartiles) return;
    /** @param {number} value */
    const share = (value) => (100 * (value - low)) / (high - low);
    half.style.left = `${share(quartiles[0])}%`;
    half.style.width = `${share(quartiles[2]) - share(quartiles[0])}%`;
    middle.style.left = `${share(quartiles[1])}%`;
  }

  buttons() {
    /** @param {string} textContent @param {string} title @param {() => void} onclick */
    const button = (textContent, title, onclick) =>
      element("button", { type: "button", textContent, title, onclick });
    const { words } = this;
    const reset = button(this.data.reset, words.reset_one, () => this.reset(this.sliders));
    const [random] = this.data.random;
    if (!random) return [reset];
    const { title } = random;
    const max = String(random.hottest);
    const heat = element("input", { type: "range", min: "0", max, step: "0.05", value: "1", id: "heat" });
    const label = element("label", { htmlFor: "heat" });
    const say = () => {
      label.textContent = filled(words.temperature, "value", localized(heat.valueAsNumber.toFixed(2)));
    };
    heat.oninput = say;
    say();
    return [reset, button(words.random, title, () => this.random(random, heat.valueAsNumber)), label, heat];
  }

  /** @param {Row[]} sliders */
  reset(sliders) {
    for (const slider of sliders) slider.value = slider.slider.rest;
    this.moved(sliders);
    this.settle();
  }

  /** @param {Gaussian} gaussian @param {number} temperature */
  random(gaussian, temperature) {
    const code = sample(gaussian, temperature);
    for (const made of this.sliders) made.value = code[made.slider.index];
    this.moved(this.sliders);
    this.settle();
  }

  /** @param {number[]} values */
  take(values) {
    for (const [place, value] of values.entries()) this.sliders[place].value = value;
    this.say(this.sliders);
  }

  code() {
    const code = Float32Array.from(this.data.origin);
    for (const { slider, value } of this.sliders) {
      if (slider.path) return along(slider.path, value);
      if (slider.vector) slider.vector.forEach((step, i) => (code[i] += value * step));
      else code[slider.index] = value;
    }
    return code;
  }

  /** @param {Row[]} sliders */
  say(sliders) {
    for (const { input, output, value } of sliders) {
      input.valueAsNumber = value;
      output.textContent = localized(value.toFixed(Math.abs(value) < 100 ? 2 : 0));
    }
  }

  /** @param {Row[]} sliders */
  moved(sliders) {
    this.say(sliders);
    this.pictures.soon();
  }

  settle() {
    this.settling.soon(() => {
      const values = this.sliders.map(({ value }) => value);
      return asText(this.data.sends === "values" ? values : this.code());
    });
  }

  draw() {
    const complete = this.pictures.paint(this.code());
    const likeness = this.pictures.likeness();
    const [, , sentence = ""] = this.data.target;
    const near = isNaN(likeness) ? "" : filled(sentence, "psnr", localized(likeness.toFixed(1)));
    this.places.status.textContent = complete ? this.data.status || near : this.words.loading;
  }
}
