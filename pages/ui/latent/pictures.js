// The common parts of the live views: a code's images, one per model, and messages to the server.

import { arrivals, decoders } from "../pickers/live_decoder.js";
import { paint } from "../pickers/decoder.js";
import { penOf, Redraw } from "../widgets/canvas.js";
import { element, filled } from "../widgets/dom.js";

/** @import { Pairs, Words } from "../widgets/types.js" */
/**
 * @typedef {object} Model
 * @property {string} id
 * @property {string} title
 * @property {string} still an image's URL if the decoder is too large for a browser, otherwise ""
 *
 * @typedef {[] | [address: string, name: string]} Target a picture before those of the models
 *
 * @typedef {object} Shown the data of all live views
 * @property {Model[]} models
 * @property {string} status
 * @property {Pairs} words
 * @property {string} at the server's text of the code or of the sliders' values
 */

const SETTLED = 150; // ms after the last change, the hand off the slider: then the code is sent to the server

export class Pictures extends Redraw {
  /** @param {HTMLElement} place @param {() => void} draw what moves the code draws this, too */
  constructor(place, draw) {
    super(draw);
    this.place = place;
    this.hear = () => this.soon();
    this.known = "";
    /** @type {Model[]} */
    this.models = [];
    /** @type {{ canvas: HTMLCanvasElement, still: HTMLImageElement }[]} */
    this.shown = [];
    /** @type {HTMLImageElement | undefined} */
    this.target = undefined;
  }

  close() {
    arrivals.removeEventListener("decoder", this.hear);
    this.cancel();
  }

  /**
   * Set the models, and a target that is shown before them.
   *
   * @param {Model[]} models
   * @param {Words} words
   * @param {Target} [target]
   */
  show(models, words, [target, targetName] = []) {
    arrivals.addEventListener("decoder", this.hear); // again after `close`; repeating it is harmless
    const known = this.known;
    this.models = models;
    this.known = models.map((model) => model.id + model.title).join() + (target ?? "");
    if (known === this.known) return;
    this.place.replaceChildren();
    this.target = target ? element("img", { src: target, alt: targetName, onload: () => this.soon() }) : undefined;
    if (this.target) this.figure(targetName, this.target);
    this.shown = models.map(({ title }) => {
      const alt = filled(words.drawn, "model", title);
      const canvas = element("canvas", { role: "img", ariaLabel: alt });
      const still = element("img", { alt, hidden: true });
      this.figure(title, canvas, still);
      return { canvas, still };
    });
  }

  /** @param {string} [caption] @param {HTMLElement[]} pictures */
  figure(caption, ...pictures) {
    const figure = element("figure");
    figure.append(...pictures, element("figcaption", { textContent: caption }));
    this.place.append(figure);
  }

  /** Return the PSNR in dB of the first image against the target, if both exist. */
  likeness() {
    const { canvas } = this.shown[0];
    if (!this.target?.naturalWidth || canvas.width !== this.target.naturalWidth) return NaN;
    const copy = penOf(new OffscreenCanvas(canvas.width, canvas.height));
    copy.drawImage(this.target, 0, 0);
    const [wanted, drawn] = [copy, penOf(canvas)].map(
      (context) => context.getImageData(0, 0, canvas.width, canvas.height).data,
    );
    const squares = drawn.reduce((sum, value, i) => sum + (value - wanted[i]) ** 2, 0);
    return 10 * Math.log10((255 ** 2 * 0.75 * drawn.length) / Math.max(squares, 1e-9)); // no alpha
  }

  /** Draw each model's code; false while a decoder is missing. @param {(model: number) => Float32Array} codeOf */
  paint(codeOf) {
    let complete = true;
    for (const [place, { id, still }] of this.models.entries()) {
      const shown = this.shown[place];
      shown.still.hidden = !still;
      shown.canvas.hidden = Boolean(still);
      const decoder = still ? undefined : decoders.get(id);
      const code = codeOf(place);
      if (still) shown.still.src = still;
      else if (decoder?.latent_dim === code.length) paint(decoder, code, shown.canvas);
      else complete = false;
    }
    return complete;
  }
}

/**
 * Sends a view's text to the server some time after the last change. Its echo from the server is
 * ignored, because the visitor may have moved on since.
 */
export class Settling {
  constructor() {
    /** @type {string | undefined} */
    this.known = undefined;
    /** @type {string[]} */
    this.sent = [];
    /** @type {(text: string) => void} */
    this.send = () => {};
    /** @type {(() => void) | undefined} */
    this.now = undefined;
    /** @type {number | undefined} */
    this.timer = undefined;
  }

  /** Take a text from the server; return whether it is new to this view. @param {string} text */
  isNews(text) {
    if (text === this.known) return false;
    this.known = text;
    const place = this.sent.indexOf(text);
    this.sent = place < 0 ? [] : this.sent.slice(place + 1);
    return place < 0;
  }

  /** Send the result of `write` when nothing has changed for a while. @param {() => string} write */
  soon(write) {
    clearTimeout(this.timer);
    this.now = () => {
      this.now = undefined;
      const text = write();
      this.sent.push(text);
      this.send(text);
    };
    this.timer = setTimeout(() => this.now?.(), SETTLED);
  }

  /** Send a waiting text at once. */
  flush() {
    clearTimeout(this.timer);
    this.now?.();
  }
}
