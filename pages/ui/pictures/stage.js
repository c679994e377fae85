// Home: a picture that a trained decoder draws, sliders with names that move its code, and the code
// between a test picture and its drawing. It moves slowly by itself until somebody touches it.

import { arrivals, decoders } from "../pickers/live_decoder.js";
import { paint } from "../pickers/decoder.js";
import { CodeStrip, written } from "../pickers/code_strip.js";
import { penOf } from "../widgets/canvas.js";
import { element, filled, find, viewOf, wordsOf } from "../widgets/dom.js";
import { Glide, Swing } from "./motion.js";

/** @import { Call, Pairs } from "../widgets/types.js" */
/** @import { Parts } from "./motion.js" */
/**
 * @typedef {object} Data as `pages.ui.pictures.stage` describes it
 * @property {string} model
 * @property {Pairs} words
 * @property {string[]} names of the sliders
 * @property {number[][]} directions what a slider's value of 1 adds to the code
 * @property {number} scale the largest usual number of a code
 * @property {(Parts & { picture: string })[]} starts codes with the URLs of their pictures
 *
 * @typedef {ReturnType<typeof rowOf>} Row
 */

const PACE = 30; // ms from one picture to the next while it moves by itself

/** @param {Call<Data>} call */
export default function ({ data, parentElement }) {
  const stage = viewOf(find(parentElement, ".stage", HTMLElement), (root) => new Stage(root, data));
  stage.update(data);
  return () => stage.close();
}

class Stage {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.words = wordsOf(data.words);
    this.face = find(root, ".face", HTMLCanvasElement);
    this.button = find(root, ".play", HTMLButtonElement);
    this.next = find(root, ".next", HTMLButtonElement);
    this.place = 0; // of the present start
    this.values = data.starts[0].values;
    this.rest = data.starts[0].rest;
    this.rows = data.names.map((_, i) => this.row(i));
    this.strip = new CodeStrip(root, this.rest.length);
    this.last = 0; // when it was drawn last
    this.frame = 0;
    this.reduced = matchMedia("(prefers-reduced-motion: reduce)");
    this.swing = this.reduced.matches ? undefined : new Swing(this.values, performance.now());
    /** @type {Glide | undefined} */
    this.glide = undefined;
    this.soon = this.soon.bind(this);
    this.calm = () => this.reduced.matches && this.move();
    this.button.onclick = () => this.move(this.swing ? undefined : new Swing(this.values, performance.now()));
    this.next.onclick = () => this.another();
    const rows = this.rows.flatMap(({ label, input, output }) => [label, input, output]);
    find(root, ".rows", HTMLElement).append(...rows);
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
    this.rows.forEach(({ label }, i) => (label.textContent = data.names[i]));
    this.next.textContent = this.words.next;
    this.strip.update(this.words, data.scale);
    this.show();
    this.soon();
  }

  /** @param {number} i */
  row(i) {
    const made = rowOf(i, this.data.starts);
    const { input } = made;
    // Before the value changes: the slider must not run away from the hand.
    input.onpointerdown = input.onfocus = () => this.move();
    input.oninput = () => {
      this.move();
      this.values = this.values.map((value, k) => (k === i ? input.valueAsNumber : value));
    };
    input.onchange = () => this.show();
    return made;
  }

  /** Let the code move in a way, or rest. @param {Swing} [swing] @param {Glide} [glide] */
  move(swing, glide) {
    this.soon();
    if (this.swing === swing && this.glide === glide) return;
    [this.swing, this.glide] = [swing, glide];
    this.show();
  }

  /** Go on to the next picture's code. */
  another() {
    this.place = (this.place + 1) % this.data.starts.length;
    const since = this.reduced.matches ? -Infinity : performance.now();
    this.move(undefined, new Glide(this, this.data.starts[this.place], since));
  }

  soon() {
    this.frame ||= requestAnimationFrame((now) => {
      this.frame = 0;
      if (!this.swing || now - this.last >= PACE) this.step(now);
      if (this.swing || this.glide) this.soon();
    });
  }

  /** @param {number} now */
  step(now) {
    this.last = now;
    if (this.swing) this.values = this.swing.at(now);
    if (this.glide) {
      const { values, rest, arrived } = this.glide.at(now);
      [this.values, this.rest] = [values, rest];
      if (arrived) this.move();
    }
    this.draw();
  }

  /** @param {Parts} parts */
  code({ values, rest }) {
    const code = Float32Array.from(rest);
    for (const [k, value] of values.entries())
      for (const [i, step] of this.data.directions[k].entries()) code[i] += value * step;
    return code;
  }

  /** Draw the code as a picture, as bars and as numbers. */
  draw() {
    const code = this.code(this);
    this.strip.draw(code);
    for (const [i, { input, output }] of this.rows.entries()) {
      input.valueAsNumber = this.values[i];
      output.textContent = input.ariaValueText = written(this.values[i]);
    }
    const decoder = decoders.get(this.data.model);
    if (decoder?.latent_dim !== code.length) return; // it is still on its way
    paint(decoder, code, this.face);
    const copy = this.strip.canvas;
    [copy.width, copy.height] = [this.face.width, this.face.height];
    penOf(copy).drawImage(this.face, 0, 0);
  }

  /** Show what does not change with every picture: the words, the test picture and its own code. */
  show() {
    const { words, data } = this;
    const start = data.starts[this.place];
    this.button.textContent = this.swing ? words.pause : words.play;
    this.strip.show(start.picture, this.code(start));
    const named = data.names.map((name, i) => `${name} ${written(this.values[i])}`).join(", ");
    this.face.ariaLabel = this.swing ? words.moving : filled(words.still, "values", named);
  }
}

/** Make a slider that goes as far as its attribute in the training, and to every start. @param {number} i @param {Parts[]} starts */
function rowOf(i, starts) {
  const far = Math.max(1, ...starts.map(({ values }) => Math.ceil(100 * Math.abs(values[i])) / 100));
  const id = `slider-${i}`;
  const input = element("input", { type: "range", id, min: `${-far}`, max: `${far}`, step: "0.01" });
  return { label: element("label", { htmlFor: id }), input, output: element("output") };
}
