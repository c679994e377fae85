// Home: a picture that a trained decoder draws, sliders with names that move its code, and the code
// between a test picture and its drawing. It moves slowly by itself until somebody touches it.

import { decoders, arrivals } from "../pickers/live_decoder.js";
import { paint } from "../pickers/decoder.js";
import { penOf } from "../widgets/canvas.js";
import { clamp, element, filled, find, viewOf, wordsOf } from "../widgets/dom.js";

/** @import { Call, Pairs, Words } from "../widgets/types.js" */
/**
 * @typedef {object} Start a picture to begin with; its code is `rest` and the values' directions
 * @property {string} picture its URL
 * @property {number[]} values of the sliders
 * @property {number[]} rest
 *
 * @typedef {object} Data as `pages.ui.home.stage` describes it
 * @property {string} model
 * @property {string} language
 * @property {Pairs} words
 * @property {string[]} names of the sliders
 * @property {number[][]} directions what a slider's value of 1 adds to the code
 * @property {number} scale the largest usual number of a code
 * @property {Start[]} starts
 *
 * @typedef {{ label: HTMLLabelElement, input: HTMLInputElement, output: HTMLOutputElement }} Row
 * @typedef {{ bar: HTMLElement, own: HTMLElement, number: HTMLElement }} Cell
 */

const PERIODS = [13, 19, 16, 22, 25]; // seconds, a slider each: no face comes twice
const CALM = 0.8; // how far a slider goes by itself: codes with all attributes at their ends are rare
const PACE = 30; // ms from one drawing to the next
const PAUSED = 250; // ms: after a longer gap the motion goes on from where it was
const GLIDE = 700; // ms from one picture's code to another's

/** @param {Call<Data>} call */
export default function ({ data, parentElement }) {
  const stage = viewOf(find(parentElement, ".stage", HTMLElement), (root) => new Stage(root, data));
  stage.update(data);
  return () => stage.close();
}

class Stage {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    this.data = data;
    this.root = root;
    this.face = find(root, ".face", HTMLCanvasElement);
    this.copy = find(root, ".drawn canvas", HTMLCanvasElement);
    this.original = find(root, ".given img", HTMLImageElement);
    this.button = find(root, ".play", HTMLButtonElement);
    this.next = find(root, ".next", HTMLButtonElement);
    /** @type {Row[]} */
    this.rows = [];
    /** @type {Cell[]} */
    this.cells = [];
    /** @type {Words} */
    this.words = {};
    this.format = new Intl.NumberFormat();
    this.place = 0; // of the present start
    this.values = [...data.starts[0].values];
    this.rest = [...data.starts[0].rest];
    /** @type {{ values: number[], rest: number[], since: number } | undefined} */
    this.glide = undefined;
    this.reduced = matchMedia("(prefers-reduced-motion: reduce)");
    this.playing = !this.reduced.matches;
    /** @type {number[]} */
    this.swings = [];
    /** @type {number[]} */
    this.phases = [];
    this.last = 0; // when the motion was drawn last
    this.frame = 0;
    this.soon = this.soon.bind(this);
    this.calm = () => this.reduced.matches && this.pause();
    this.button.onclick = () => (this.playing ? this.pause() : this.play());
    this.next.onclick = () => this.another();
  }

  close() {
    arrivals.removeEventListener("decoder", this.soon);
    this.reduced.removeEventListener("change", this.calm);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  /** @param {Data} data */
  update(data) {
    arrivals.addEventListener("decoder", this.soon); // again after `close`; repeating it is harmless
    this.reduced.addEventListener("change", this.calm);
    this.data = data;
    this.words = wordsOf(data.words);
    this.format = new Intl.NumberFormat(data.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    if (this.rows.length !== data.names.length) this.build();
    this.rows.forEach(({ label }, i) => (label.textContent = data.names[i]));
    for (const kind of ["given", "code", "drawn"])
      find(this.root, `.${kind} figcaption`, HTMLElement).textContent = this.words[kind];
    find(this.root, ".to", HTMLElement).textContent = this.words.encoder;
    find(this.root, ".from", HTMLElement).textContent = this.words.decoder;
    this.next.textContent = this.words.next;
    if (this.playing && !this.phases.length) this.play();
    this.show();
    this.soon();
  }

  build() {
    this.rows = this.data.names.map((_, i) => this.row(i));
    find(this.root, ".rows", HTMLElement).replaceChildren(
      ...this.rows.flatMap(({ label, input, output }) => [label, input, output]),
    );
    this.cells = this.rest.map(() => ({
      bar: element("i", { className: "bar" }),
      own: element("i", { className: "own" }),
      number: element("span"),
    }));
    find(this.root, ".numbers", HTMLElement).replaceChildren(
      ...this.cells.map(({ bar, own, number }) => {
        const [cell, space] = [element("div"), element("div", { className: "space" })];
        space.append(bar, own);
        cell.append(space, number);
        return cell;
      }),
    );
  }

  /** @param {number} i @returns {Row} */
  row(i) {
    const id = `slider-${i}`;
    const reach = this.reach(i);
    const input = element("input", { type: "range", id, min: `${-reach}`, max: `${reach}`, step: "0.01" });
    const touched = () => this.pause(); // before the value changes: the slider must not run away
    input.onpointerdown = input.onfocus = touched;
    input.oninput = () => {
      this.pause();
      this.values[i] = input.valueAsNumber;
      this.soon();
    };
    input.onchange = () => this.show();
    return { label: element("label", { htmlFor: id }), input, output: element("output") };
  }

  /** Return how far a slider goes: as far as the attribute does in the training, and to every start. @param {number} i */
  reach(i) {
    return Math.max(1, ...this.data.starts.map(({ values }) => Math.ceil(100 * Math.abs(values[i])) / 100));
  }

  /** Let every slider follow its own sine, each from where it is. */
  play() {
    this.playing = true;
    this.glide = undefined;
    this.swings = this.values.map((value) => Math.max(CALM, Math.abs(value)));
    this.phases = this.values.map((value, i) => Math.asin(value / this.swings[i]));
    this.last = performance.now();
    this.show();
    this.soon();
  }

  pause() {
    if (!this.playing && !this.glide) return;
    this.playing = false;
    this.glide = undefined;
    this.show();
    this.soon();
  }

  /** Go on to the next picture's code. */
  another() {
    this.pause();
    this.place = (this.place + 1) % this.data.starts.length;
    const since = this.reduced.matches ? -Infinity : performance.now();
    this.glide = { values: [...this.values], rest: [...this.rest], since };
    this.show();
    this.soon();
  }

  soon() {
    this.frame ||= requestAnimationFrame((now) => {
      this.frame = 0;
      if (!this.playing || now - this.last >= PACE) this.step(now);
      if (this.playing || this.glide) this.soon();
    });
  }

  /** @param {number} now */
  step(now) {
    const passed = now - this.last < PAUSED ? (now - this.last) / 1000 : 0;
    this.last = now;
    if (this.playing) {
      this.phases = this.phases.map((phase, i) => phase + (2 * Math.PI * passed) / PERIODS[i % PERIODS.length]);
      this.values = this.phases.map((phase, i) => this.swings[i] * Math.sin(phase));
    }
    if (this.glide) this.slide(this.glide, now);
    this.draw();
  }

  /** @param {{ values: number[], rest: number[], since: number }} glide @param {number} now */
  slide({ values, rest, since }, now) {
    const { values: toValues, rest: toRest } = this.data.starts[this.place];
    const share = clamp((now - since) / GLIDE, 0, 1);
    /** @param {number[]} from @param {number[]} to */
    const mixed = (from, to) => from.map((value, i) => value + share * (to[i] - value));
    this.values = mixed(values, toValues);
    this.rest = mixed(rest, toRest);
    if (share < 1) return;
    this.glide = undefined;
    this.show();
  }

  /** @param {number[]} values @param {number[]} rest */
  code(values, rest) {
    const code = Float32Array.from(rest);
    for (const [k, value] of values.entries())
      for (const [i, step] of this.data.directions[k].entries()) code[i] += value * step;
    return code;
  }

  /** Draw the code as a picture, as bars and as numbers. */
  draw() {
    const code = this.code(this.values, this.rest);
    for (const [i, { bar, number }] of this.cells.entries()) {
      bar.style.transform = `scaleY(${clamp(code[i] / this.data.scale, -1, 1)})`;
      number.textContent = this.written(code[i]);
    }
    for (const [i, { input, output }] of this.rows.entries()) {
      input.valueAsNumber = this.values[i];
      output.textContent = input.ariaValueText = this.written(this.values[i]);
    }
    const decoder = decoders.get(this.data.model);
    if (decoder?.latent_dim !== code.length) return; // it is still on its way
    paint(decoder, code, this.face);
    [this.copy.width, this.copy.height] = [this.face.width, this.face.height];
    penOf(this.copy).drawImage(this.face, 0, 0);
  }

  /** Show what does not change with every picture: the words, the test picture and its own code. */
  show() {
    const { words, data } = this;
    const { picture, values, rest } = data.starts[this.place];
    this.button.textContent = this.playing ? words.pause : words.play;
    Object.assign(this.original, { src: picture, alt: words.given });
    const own = this.code(values, rest);
    this.cells.forEach((cell, i) => {
      cell.own.style.bottom = `${50 + 50 * clamp(own[i] / data.scale, -1, 1)}%`;
    });
    const named = data.names.map((name, i) => `${name} ${this.written(this.values[i])}`).join(", ");
    this.face.ariaLabel = this.playing ? words.moving : filled(words.still, "values", named);
  }

  /** @param {number} value */
  written(value) {
    return this.format.format(Math.round(100 * value) / 100 || 0); // no -0
  }
}
