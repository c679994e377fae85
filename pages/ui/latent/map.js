// A map of codes. The code at the pointer is decoded, and the images follow; a click, or the end of
// a touch, keeps the code and sends it to the server.
//
// A point of the map stands for the kept code, moved along the map's two axes; on a map that is not
// a plane (t-SNE), it stands for the code of the nearest image.

import { floats, penOf, sized } from "../widgets/canvas.js";
import { clamp, filled, find, viewOf, wordsOf } from "../widgets/dom.js";
import { localized } from "../widgets/numbers.js";
import { asText } from "./codes.js";
import { colourOf, drawCross, drawHoles, drawPoints, legendOf } from "./map_layers.js";
import { Pictures, Settling } from "./pictures.js";

/** @import { Call, Extent, Point } from "../widgets/types.js" */
/** @import { Shown } from "./pictures.js" */
/**
 * @typedef {object} Own
 * @property {string} layout
 * @property {string} points x, y, x, y, … as base64 of float32
 * @property {string} codes the points' codes, likewise, if the map is not a plane; otherwise ""
 * @property {number[]} values the class of each point, or a factor in [-1, 1]
 * @property {string[]} names the names of the classes
 * @property {string[]} hues
 * @property {Extent} extent
 * @property {string} holes a "1" for every cell without training codes, from the bottom
 * @property {number} cells the number of cells per side
 * @property {[number[], number[]]} axes
 * @property {Point} point the point of the code
 * @property {number[]} code
 *
 * @typedef {Shown & Own} Data
 */

const STEP = 0.02; // step of an arrow key, as a share of the map
/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

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
    this.points = floats(data.points);
    this.codes = new Float32Array();
    /** @type {{ point: Point, code: Float32Array }} */
    this.kept = { point: data.point, code: Float32Array.from(data.code) };
    /** @type {Point | undefined} */
    this.hovered = undefined;
    this.pressed = false;
    this.layout = "";
    /** The layers below the cross. @type {OffscreenCanvas | undefined} */
    this.background = undefined;
    this.pictures = new Pictures(find(root, ".pictures", HTMLElement), () => this.draw());
    this.status = find(root, ".status", HTMLElement);
    this.colours = find(root, ".legend", HTMLElement);
    this.map = find(root, ".map", HTMLCanvasElement);
    this.settling = new Settling();
    this.resized = new ResizeObserver(() => this.pictures.soon());
    this.map.onpointermove = (event) => this.hover(this.pointOf(event));
    this.map.onpointerdown = (event) => {
      this.pressed = event.button === 0;
      this.map.setPointerCapture(event.pointerId);
    };
    this.map.onpointerup = (event) => {
      if (this.pressed) this.choose(this.pointOf(event));
      this.pressed = false;
    };
    this.map.onpointerleave = () => this.hover(undefined);
    this.map.onkeydown = (event) => this.key(event);
  }

  close() {
    this.settling.flush();
    this.pictures.close();
    this.resized.disconnect();
  }

  /** @param {Data} data @param {(text: string) => void} send */
  update(data, send) {
    this.resized.observe(this.map);
    this.settling.send = send;
    this.data = data;
    this.points = floats(data.points);
    this.codes = floats(data.codes);
    this.words = wordsOf(data.words);
    if (!this.map.ariaLabel) this.map.ariaLabel = this.words.map;
    this.pictures.show(data.models, this.words);
    const isNews = this.settling.isNews(data.at);
    if (isNews || data.layout !== this.layout) {
      this.kept = { point: data.point, code: Float32Array.from(data.code) };
      this.hovered = undefined;
    }
    this.layout = data.layout;
    this.colours.replaceChildren(...legendOf(data, this.words));
    this.background = undefined;
    this.pictures.soon();
  }

  /** @param {PointerEvent} event @returns {Point} */
  pointOf(event) {
    const box = this.map.getBoundingClientRect();
    const [left, right, bottom, top] = this.data.extent;
    const x = clamp((event.clientX - box.left) / box.width, 0, 1);
    const y = clamp((event.clientY - box.top) / box.height, 0, 1);
    return [left + x * (right - left), top - y * (top - bottom)];
  }

  /** @param {Point | undefined} point */
  hover(point) {
    this.hovered = point;
    this.pictures.soon();
  }

  /** @param {Point} point */
  choose(point) {
    this.kept = { point, code: this.codeAt(point) };
    this.hovered = undefined;
    this.pictures.soon();
    this.settling.soon(() => asText(this.kept.code));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    const [left, right, bottom, top] = this.data.extent;
    const [x, y] = this.kept.point;
    this.choose([
      clamp(x + step[0] * STEP * (right - left), left, right),
      clamp(y + step[1] * STEP * (top - bottom), bottom, top),
    ]);
    const place = this.kept.point.map((v) => localized(v.toFixed(2))).join("; ");
    this.map.ariaLabel = filled(this.words.map_at, "place", place);
  }

  /** @param {Point} point @returns {Float32Array} */
  codeAt([x, y]) {
    const { axes } = this.data;
    const { point, code } = this.kept;
    if (this.codes.length) {
      const nearest = this.nearest(x, y);
      return this.codes.slice(nearest * code.length, (nearest + 1) * code.length);
    }
    return code.map((v, i) => v + (x - point[0]) * axes[0][i] + (y - point[1]) * axes[1][i]);
  }

  /** @param {number} x @param {number} y */
  nearest(x, y) {
    let [best, least] = [0, Infinity];
    for (let i = 0; 2 * i < this.points.length; i++) {
      const distance = (this.points[2 * i] - x) ** 2 + (this.points[2 * i + 1] - y) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  draw() {
    const shown = this.hovered ?? this.kept.point;
    const complete = this.pictures.paint(() => (this.hovered ? this.codeAt(shown) : this.kept.code));
    this.status.textContent = complete ? this.data.status : this.words.loading;
    const [context, width, height] = sized(this.map);
    const place = this.placeOn(width, height);
    if (this.background?.width !== this.map.width || this.background.height !== this.map.height)
      this.background = this.drawn(width, height, place);
    context.drawImage(this.background, 0, 0, width, height);
    drawCross(context, place(shown));
  }

  /** @param {number} width @param {number} height @returns {(point: Point) => Point} */
  placeOn(width, height) {
    const [left, right, bottom, top] = this.data.extent;
    return ([x, y]) => [((x - left) / (right - left)) * width, ((top - y) / (top - bottom)) * height];
  }

  /** Draw what does not follow the pointer. @param {number} width @param {number} height @param {(point: Point) => Point} place */
  drawn(width, height, place) {
    const layer = new OffscreenCanvas(this.map.width, this.map.height);
    const context = penOf(layer);
    context.scale(this.map.width / width, this.map.height / height);
    const { color } = getComputedStyle(this.map);
    drawHoles(context, width, height, this.data, color);
    const { values, names } = this.data;
    const short = names.length > 0 && names.every((name) => name.length === 1);
    const colour = (/** @type {number} */ i) => colourOf(values[i], this.data);
    drawPoints(context, this.points, place, colour, short ? (i) => names[values[i]] : undefined);
    return layer;
  }
}
