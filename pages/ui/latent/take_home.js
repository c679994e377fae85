// A model in one page that no server answers: its sliders move as in the app, by the same engine.
//
// The page has the model in it: JSON about it, and its weights in base64.

import { paint, unpack } from "../pickers/decoder.js";
import { engine } from "../pickers/decoder_wasm.js";
import { decoders } from "../pickers/live_decoder.js";
import { element, find } from "../widgets/dom.js";
import sliders from "./sliders.js";

/** @import { Header } from "../pickers/decoder.js" */
/** @import { Data } from "./sliders.js" */
/**
 * @typedef {{ code: number[], picture: string }} Start a code, and the address of its test picture or ""
 *
 * @typedef {object} Page as `pages.ui.latent.take_home` describes it
 * @property {string} id the model's
 * @property {{ header: Header, names: string[] }} decoder the names of its weights in their order, none if only
 *   the decoder's are here
 * @property {{ name: string, shape: number[] }[]} arrays all weights that are here, in their order
 * @property {Data[]} views each kind of sliders
 * @property {Start[]} starts
 * @property {string} start the name of a start, with {number}
 * @property {string} target the name of a test picture
 */

export default async function () {
  await engine; // a decoder that comes before it would begin in JavaScript
  const page = /** @type {Page} */ (JSON.parse(textOf("lab-page")));
  page.arrays = JSON.parse(textOf("lab-run")).arrays;
  const bytes = Uint8Array.from(atob(textOf("lab-numbers")), (letter) => letter.charCodeAt(0));
  decoders.set(page.id, unpack(decoderOf(page, bytes)));
  new Home(page).show();
}

class Home {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.start = page.starts[0];
    this.view = page.views[0];
    this.shown = 0;
    const starts = find(document, ".starts", HTMLElement);
    this.starts = page.starts.map((start, place) => this.picture(start, place));
    starts.append(...this.starts);
    this.kinds = [...document.querySelectorAll(".kinds button")];
    this.kinds.forEach((button, place) => button.addEventListener("click", () => this.show({ view: page.views[place] })));
  }

  /** @param {Start} start @param {number} place */
  picture(start, place) {
    const canvas = element("canvas");
    const decoder = decoders.get(this.page.id);
    if (decoder) paint(decoder, start.code, canvas);
    const ariaLabel = this.page.start.replace("{number}", String(place + 1));
    const button = element("button", { type: "button", ariaLabel, onclick: () => this.show({ start }) });
    button.append(canvas);
    return button;
  }

  /** Show sliders at a start's code. @param {{ start?: Start, view?: Data }} chosen */
  show({ start = this.start, view = this.view } = {}) {
    [this.start, this.view] = [start, view];
    const { page } = this;
    this.starts.forEach((button, place) => (button.ariaPressed = String(page.starts[place] === start)));
    this.kinds.forEach((button, place) => (button.ariaPressed = String(page.views[place] === view)));
    const values = view.sliders.map(({ index, rest }) => (index < 0 ? rest : start.code[index]));
    const data = {
      ...view,
      sliders: view.sliders.map((slider, i) => ({
        ...slider,
        low: Math.min(slider.low, values[i]),
        high: Math.max(slider.high, values[i]),
      })),
      values,
      origins: [start.code],
      scales: [start.code.map(() => 1)],
      target: start.picture ? [start.picture, page.target] : [],
      at: String(++this.shown),
    };
    // @ts-ignore -- the rest of what Streamlit gives a component is for its server
    sliders({ data, parentElement: document, setTriggerValue: () => {} });
  }
}

/** @param {string} id */
const textOf = (id) => find(document, `#${id}`, HTMLScriptElement).text;

/** Return the bytes of a decoder as the server would send them. @param {Page} page @param {Uint8Array} bytes */
function decoderOf({ decoder: { header, names }, arrays }, bytes) {
  const said = new TextEncoder().encode(JSON.stringify(header));
  const about = new Uint8Array(4 + said.length + (-said.length & 3)).fill(32);
  new DataView(about.buffer).setUint32(0, about.length - 4, true);
  about.set(said, 4);
  const parts = names.length ? partsOf(names, arrays, bytes, header.half) : [bytes];
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, about.length));
  let end = about.length;
  whole.set(about);
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}

/**
 * Return the weights with these names, rounded to float16 if the decoder is.
 *
 * @param {string[]} names
 * @param {Page["arrays"]} arrays
 * @param {Uint8Array} bytes
 * @param {boolean} half
 */
function partsOf(names, arrays, bytes, half) {
  /** @type {Map<string, Uint8Array>} */
  const found = new Map();
  let start = 0;
  for (const { name, shape } of arrays) {
    const end = start + 4 * shape.reduce((a, b) => a * b, 1);
    found.set(name, bytes.slice(start, end));
    start = end;
  }
  return names.map((name) => {
    const own = found.get(name);
    if (!own) throw new Error(`The page has no ${name}.`);
    return half ? rounded(own) : own;
  });
}

/** Round float32 values to float16, halfway cases to even, as NumPy does. @param {Uint8Array} bytes */
function rounded({ buffer }) {
  const bits = new Uint32Array(buffer);
  const halves = Uint16Array.from(new Float32Array(buffer), (value, i) => {
    const sign = (bits[i] >>> 16) & 0x8000;
    const size = Math.abs(value);
    // Below the smallest normal float16 its steps are 2 ** -24; 2 ** 52 leaves no place for a fraction.
    if (size < 2 ** -14) return sign | (size * 2 ** 24 + 2 ** 52 - 2 ** 52);
    const whole = bits[i] & 0x7fffffff;
    return sign | (((whole + 0xfff + ((whole >>> 13) & 1)) >>> 13) - (112 << 10));
  });
  return new Uint8Array(halves.buffer);
}
