// A test picture, the bars of its code, which a hand can move, and what the decoder draws from them.

import { CodeStrip } from "../pickers/code_strip.js";
import { paint } from "../pickers/decoder.js";
import { arrivals, decoders } from "../pickers/live_decoder.js";
import { Redraw } from "../widgets/canvas.js";
import { find, viewOf, wordsOf } from "../widgets/dom.js";

/** @import { Call, Pairs } from "../widgets/types.js" */
/**
 * @typedef {object} Data as `pages.ui.lessons.live_code` describes it
 * @property {string} model
 * @property {Pairs} words
 * @property {number} scale the largest usual number of a code
 * @property {{ picture: string, code: number[] }[]} starts test pictures with their codes
 */

/** @param {Call<Data>} call */
export default function ({ data, parentElement }) {
  const view = viewOf(find(parentElement, ".live-code", HTMLElement), (root) => new LiveCode(root, data));
  view.update(data);
  return () => view.close();
}

class LiveCode {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.place = 0; // of the present picture
    this.code = [...data.starts[0].code];
    this.redraw = new Redraw(() => this.draw());
    this.soon = () => this.redraw.soon();
    this.strip = new CodeStrip(root, this.code.length, (i, value) => {
      this.code[i] = value;
      this.soon();
    });
    find(root, ".back", HTMLButtonElement).onclick = () => this.go(this.place);
    find(root, ".next", HTMLButtonElement).onclick = () => this.go(this.place + 1);
  }

  close() {
    arrivals.removeEventListener("decoder", this.soon);
    this.redraw.cancel();
  }

  /** @param {Data} data */
  update(data) {
    arrivals.addEventListener("decoder", this.soon); // again after `close`; repeating it is harmless
    this.data = data;
    const words = wordsOf(data.words);
    for (const kind of ["hint", "back", "next"])
      find(this.root, `.${kind}`, HTMLElement).textContent = words[kind];
    this.strip.update(words, data.scale);
    this.strip.show(data.starts[this.place].picture, data.starts[this.place].code);
    this.soon();
  }

  /** Go to a picture and its own code. @param {number} place */
  go(place) {
    this.place = place % this.data.starts.length;
    const { picture, code } = this.data.starts[this.place];
    this.code = [...code];
    this.strip.show(picture, code);
    this.soon();
  }

  draw() {
    this.strip.draw(this.code);
    const decoder = decoders.get(this.data.model);
    if (decoder?.latent_dim !== this.code.length) return; // it is still on its way
    paint(decoder, this.code, this.strip.canvas);
  }
}
