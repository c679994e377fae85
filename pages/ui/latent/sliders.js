// Sliders that move a code, and the images that follow them.
//
// The code of each model starts at its own of `data.origins`. A slider with an `index` sets one latent
// dimension (the codes of other models move as far, by their scales), one with `vectors` adds its value times each
// model's own direction, and one with `paths` moves between each model's own codes. When the visitor
// releases a slider, the server receives the first model's code or the sliders' values (`data.sends`).

import { element, filled, find, viewOf, wordsOf } from "../widgets/dom.js";
import { localized } from "../widgets/numbers.js";
import { along, asText, sample } from "./codes.js";
import { Pictures, Settling } from "./pictures.js";
import { placeRows, Row } from "./rows.js";
import { Score } from "./score.js";

/** @import { Call } from "../widgets/types.js" */
/** @import { Gaussian } from "./codes.js" */
/** @import { Shown, Target } from "./pictures.js" */
/** @import { Slider } from "./rows.js" */
/** @import { Game } from "./score.js" */
/**
 * @typedef {object} Own
 * @property {string} name
 * @property {Slider[]} sliders
 * @property {number[]} values
 * @property {number[][]} origins
 * @property {number[][]} scales how far each model's code moves where the first one's moves by 1
 * @property {"code" | "values"} sends
 * @property {[first: number, title: string][]} folds
 * @property {string} reset
 * @property {Target} target
 * @property {[] | [Game]} score
 * @property {[] | [Gaussian]} random
 *
 * @typedef {Shown & Own} Data
 */

const FREE = "~"; // as in component.py: precedes a code that was not moved from the start

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
    const [seen, pictures, score, status, rows, buttons] = [
      ...[".view", ".pictures", ".score", ".status", ".rows", ".buttons"],
    ].map((name) => find(root, name, HTMLElement));
    this.places = { seen, status, rows, buttons };
    this.pictures = new Pictures(pictures, () => this.draw());
    this.score = new Score(score);
    this.settling = new Settling();
    /** @type {Row[]} */
    this.sliders = [];
    this.form = "";
    this.free = false;
    /** @type {string | undefined} */
    this.target = undefined;
  }

  close() {
    this.settling.flush();
    this.pictures.close();
  }

  /** @param {Data} data @param {(text: string) => void} send */
  update(data, send) {
    this.settling.send = (text) => {
      send(this.free ? FREE + text : text);
      this.free = false;
    };
    this.data = data;
    this.words = wordsOf(data.words);
    this.pictures.show(data.models, this.words, data.target);
    this.score.begin(data.score[0], this.words);
    const form = JSON.stringify([data.name, data.sliders.map(({ label }) => label)]);
    const isNews = this.settling.isNews(data.at);
    if (form !== this.form) this.build();
    data.sliders.forEach((slider, place) => this.sliders[place].fit(slider));
    if (form !== this.form || isNews) this.take(data.values);
    const [target = ""] = data.target;
    // A picture that was chosen further down is seen together with what becomes of it.
    if (this.form && target && target !== this.target) this.places.seen.scrollIntoView({ block: "nearest" });
    this.target = target;
    this.form = form;
    this.pictures.soon();
  }

  build() {
    const hand = {
      moved: (/** @type {Row} */ row) => this.moved([row]),
      released: () => this.settle(),
      reset: (/** @type {Row} */ row) => this.reset([row]),
    };
    this.sliders = this.data.sliders.map((slider, place) => new Row(slider, place, hand));
    placeRows(this.places.rows, this.sliders, this.data.folds);
    this.places.buttons.replaceChildren(...this.buttons());
  }

  buttons() {
    /** @param {string} textContent @param {string} title @param {() => void} onclick */
    const button = (textContent, title, onclick) =>
      element("button", { type: "button", textContent, title, onclick });
    const { words } = this;
    const reset = button(this.data.reset, words.reset_one, () => this.resetAll());
    const [random] = this.data.random;
    if (!random) return [reset];
    const max = String(random.hottest);
    const heat = element("input", { type: "range", min: "0", max, step: "0.05", value: "1", id: "heat" });
    const title = words.temperature_about;
    const label = element("label", { htmlFor: "heat", title });
    heat.title = title;
    const say = () => {
      label.textContent = filled(words.temperature, "value", localized(heat.valueAsNumber.toFixed(2)));
    };
    heat.oninput = say;
    say();
    const draw = () => this.random(random, heat.valueAsNumber);
    return [reset, button(words.random, random.title, draw), label, heat];
  }

  /** @param {Row[]} sliders */
  reset(sliders) {
    for (const slider of sliders) slider.value = slider.slider.rest;
    this.moved(sliders);
    this.settle();
  }

  resetAll() {
    this.free = this.data.sends === "code";
    this.reset(this.sliders);
  }

  /** @param {Gaussian} gaussian @param {number} temperature */
  random(gaussian, temperature) {
    const code = sample(gaussian, temperature);
    for (const made of this.sliders) made.value = code[made.slider.index];
    this.free = true;
    this.moved(this.sliders);
    this.settle();
  }

  /** @param {number[]} values */
  take(values) {
    for (const [place, value] of values.entries()) this.sliders[place].value = value;
    this.say(this.sliders);
  }

  /** Return the code of a model. @param {number} model */
  code(model) {
    const { origins, scales } = this.data;
    const code = Float32Array.from(origins[model]);
    for (const { slider, value } of this.sliders) {
      if (slider.paths) return along(slider.paths[model], value);
      if (slider.vectors) slider.vectors[model].forEach((step, i) => (code[i] += value * step));
      else code[slider.index] += (value - origins[0][slider.index]) * scales[model][slider.index];
    }
    return code;
  }

  /** @param {Row[]} sliders */
  say(sliders) {
    for (const slider of sliders) slider.say();
  }

  /** @param {Row[]} sliders */
  moved(sliders) {
    this.say(sliders);
    this.pictures.soon();
  }

  settle() {
    this.settling.soon(() => {
      const values = this.sliders.map(({ value }) => value);
      return asText(this.data.sends === "values" ? values : this.code(0));
    });
  }

  draw() {
    const complete = this.pictures.paint((model) => this.code(model));
    const [game] = this.data.score;
    if (game && complete) this.score.show(game, this.pictures.likeness(), this.words);
    this.places.status.textContent = complete ? this.data.status : this.words.loading;
  }
}
