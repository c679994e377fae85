// What JPEG does to a picture: a square of it, its 64 waves, those that a quality leaves, and back.

import { penOf } from "./canvas.js";
import { clamp, element, filled, find, viewOf, wordsOf } from "./dom.js";
import { localized } from "./numbers.js";
import { COUNT, restored, rounded, SIDE, squaresOf, transformed } from "./dct.js";

/** @import { Call, Pairs } from "./types.js" */
/**
 * @typedef {object} Data as `pages.ui.widgets.jpeg` describes it
 * @property {string} pixels base64 of bytes, row by row
 * @property {number} width in pixels
 * @property {number} height
 * @property {number} quality to begin with
 * @property {Pairs} words
 */

/** @param {Call<Data>} call */
export default function ({ data, parentElement }) {
  viewOf(find(parentElement, ".jpeg", HTMLElement), (root) => new Jpeg(root, data)).update(data);
}

class Jpeg {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    this.root = root;
    this.quality = find(root, ".quality input", HTMLInputElement);
    this.place = find(root, ".place input", HTMLInputElement); // of the square, from 1
    this.quality.oninput = this.place.oninput = () => this.draw();
    this.cells = Array.from({ length: COUNT }, () => element("span"));
    find(root, ".grid", HTMLElement).append(...this.cells);
    const picture = find(root, ".picture canvas", HTMLCanvasElement);
    picture.onpointerdown = picture.onpointermove = (event) => this.point(event, picture);
    this.words = wordsOf(data.words);
    this.data = data;
    this.pixels = new Uint8Array();
    /** @type {number[][]} */
    this.squares = [];
    this.waves = this.squares;
    this.across = 1; // squares in a row
    this.take(data);
  }

  /** Begin with a picture. @param {Data} data */
  take(data) {
    this.data = data;
    this.pixels = Uint8Array.from(atob(data.pixels), (c) => c.charCodeAt(0));
    this.squares = squaresOf(this.pixels, data.width, data.height);
    this.waves = this.squares.map(transformed);
    this.across = Math.ceil(data.width / SIDE);
    this.quality.valueAsNumber = data.quality;
    this.place.max = String(this.squares.length);
    this.go(data.width / 2, data.height / 2);
  }

  /** @param {Data} data */
  update(data) {
    this.words = wordsOf(data.words);
    for (const figure of this.root.querySelectorAll("figure")) {
      const words = this.words[figure.className];
      find(figure, "figcaption", HTMLElement).textContent = words;
      find(figure, "[role=img]", HTMLElement).ariaLabel = words;
    }
    for (const label of this.root.querySelectorAll("label"))
      find(label, "span", HTMLElement).textContent = this.words[`${label.className}-slider`];
    const { pixels, width, quality } = this.data;
    if (data.pixels !== pixels || data.width !== width || data.quality !== quality) this.take(data);
    this.draw();
  }

  /** Choose the square of a pixel. @param {number} x @param {number} y */
  go(x, y) {
    const [column, row] = [x, y].map((at) => Math.floor(at / SIDE));
    this.place.valueAsNumber = 1 + row * this.across + column;
  }

  /** @param {PointerEvent} event @param {HTMLElement} picture */
  point({ clientX, clientY, buttons }, picture) {
    if (!buttons) return;
    const { left, top, width, height } = picture.getBoundingClientRect();
    const x = clamp(((clientX - left) / width) * this.data.width, 0, this.data.width - 1);
    this.go(x, clamp(((clientY - top) / height) * this.data.height, 0, this.data.height - 1));
    this.draw();
  }

  draw() {
    const [quality, place] = [this.quality.valueAsNumber, this.place.valueAsNumber - 1];
    const { width, height } = this.data;
    const kept = this.waves.map((waves) => rounded(waves, quality));
    const back = kept.map(restored);
    const whole = Array.from(this.pixels, (_, at) => {
      const [x, y] = [at % width, Math.floor(at / width)];
      const square = back[Math.floor(y / SIDE) * this.across + Math.floor(x / SIDE)];
      return square[(y % SIDE) * SIDE + (x % SIDE)];
    });
    this.paint("picture", this.pixels, width, height);
    this.paint("square", this.squares[place], SIDE, SIDE);
    this.paint("square-back", back[place], SIDE, SIDE);
    this.paint("picture-back", whole, width, height);
    for (const [i, cell] of this.cells.entries()) {
      cell.textContent = String(Math.round(this.waves[place][i]) || 0); // no -0
      cell.classList.toggle("kept", kept[place][i] !== 0);
    }
    const [left, top] = [place % this.across, Math.floor(place / this.across)];
    const sides = { left: left / width, top: top / height, width: 1 / width, height: 1 / height };
    for (const [side, share] of Object.entries(sides))
      find(this.root, ".mark", HTMLElement).style.setProperty(side, `${100 * SIDE * share}%`);
    this.say(kept, place, whole);
  }

  /** @param {number[][]} kept @param {number} place @param {number[]} whole the picture again */
  say(kept, place, whole) {
    const [all, here] = [kept.flat(), kept[place]].map((waves) => waves.filter(Boolean).length);
    const error = whole.reduce((sum, each, at) => sum + ((each - this.pixels[at]) / 255) ** 2, 0);
    const psnr = -10 * Math.log10(error / whole.length);
    const share = ((100 * all) / (COUNT * kept.length)).toFixed(1);
    const values = { kept: here, share: localized(share), psnr: localized(psnr.toFixed(1)) };
    let said = error ? this.words.said : this.words["said-all"];
    for (const [name, value] of Object.entries(values)) said = filled(said, name, value);
    find(this.root, ".said", HTMLElement).textContent = said;
    for (const input of [this.quality, this.place])
      find(/** @type {Element} */ (input.parentElement), "output", HTMLElement).textContent = input.value;
  }

  /** @param {string} name @param {ArrayLike<number>} pixels in 0…255 @param {number} width @param {number} height */
  paint(name, pixels, width, height) {
    const canvas = find(this.root, `.${name} canvas`, HTMLCanvasElement);
    Object.assign(canvas, { width, height });
    const image = new ImageData(width, height);
    for (let i = 0; i < pixels.length; i++)
      image.data.set([pixels[i], pixels[i], pixels[i], 255], 4 * i);
    penOf(canvas).putImageData(image, 0, 0);
  }
}
