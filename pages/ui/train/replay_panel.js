// Draws a run at an epoch: its images, its map if it has one, and its loss.

import { floats, penOf, sized } from "../widgets/canvas.js";
import { element } from "../widgets/dom.js";
import { localized } from "../widgets/numbers.js";

/** @import { Extent } from "../widgets/types.js" */
/**
 * @typedef {object} Run as `pages.ui.train.replay._of_run` describes it
 * @property {string} id
 * @property {string} title
 * @property {string} sheet an image's URL: the reconstructions, one row per epoch
 * @property {string} given an image's URL: the originals, and the network's inputs
 * @property {number} rows the number of rows of images, including the reconstructions
 * @property {number} count the number of images per row
 * @property {number} height
 * @property {number} width
 * @property {number[]} epochs the stored epochs
 * @property {number[]} psnr the PSNR at each of them
 * @property {string} measure
 * @property {string} pictures
 * @property {number[]} curve the epochs of the loss curves
 * @property {number[][]} losses the losses at these epochs, one array per line
 * @property {string} codes x, y, x, y, … of all epochs as base64 of float32
 * @property {number[]} labels
 * @property {string[]} names
 *
 * @typedef {object} Shown
 * @property {Run[]} runs
 * @property {string[]} hues
 * @property {string[]} colours
 * @property {string} map
 * @property {string} curve
 * @property {string} training
 * @property {string} held_out
 * @property {string} named the text for an epoch, which replaces "#"
 */

const ACROSS = 4; // images side by side
const GAP = 6; // pixels between images

/** The panel of a run. */
export class Panel {
  /** @param {Run} run @param {Shown} data @param {() => void} redraw called when one of its images has loaded */
  constructor(run, data, redraw) {
    this.run = run;
    this.data = data;
    this.redraw = redraw;
    this.points = new Float32Array();
    this.each = 0;
    this.extent = extentOf(this.points);
    this.root = element("div", { className: "run" });
    this.title = element("div", { className: "title" });
    const role = "img";
    this.pictures = element("canvas", { className: "pictures", role });
    this.map = element("canvas", { className: "map", role });
    this.curve = element("canvas", { className: "curve", role });
    this.rows = element("figcaption");
    this.legend = element("figcaption");
    const charts = element("div");
    this.mapFigure = figure(this.map, this.legend);
    this.lines = element("figcaption");
    charts.append(this.mapFigure, figure(this.curve, this.lines));
    this.root.append(this.title, figure(this.pictures, this.rows), charts);
    /** @type {{ sheet?: HTMLImageElement, given?: HTMLImageElement }} */
    this.images = {};
  }

  /** @param {Run} run @param {Shown} data */
  update(run, data) {
    [this.run, this.data] = [run, data];
    for (const name of /** @type {const} */ (["sheet", "given"])) {
      if (this.images[name]?.src === run[name]) continue;
      const image = new Image();
      image.src = run[name];
      image.decode().then(() => {
        this.images[name] = image; // until then, the previous one is shown
        this.redraw();
      });
    }
    this.points = floats(run.codes);
    this.each = this.points.length / run.epochs.length; // numbers per epoch
    this.extent = extentOf(this.points);
    this.mapFigure.hidden = !this.points.length;
    this.map.ariaLabel = data.map;
    this.legend.replaceChildren(
      `${data.map}: `,
      ...run.names.flatMap((name, i) => [coloured(name, data.hues[i % data.hues.length]), " "]),
    );
    this.lines.replaceChildren(
      `${data.curve}: `,
      ...[data.training, data.held_out]
        .slice(0, run.losses.length)
        .flatMap((name, i) => [coloured(name, data.colours[i]), " "]),
    );
  }

  /** @param {number} epoch */
  draw(epoch) {
    const { run, data } = this;
    const place = placeOf(epoch, run.epochs);
    const words = data.named.replace("#", String(run.epochs[place]));
    const psnr = `${localized(run.psnr[place].toFixed(1))} dB`;
    const strong = element("b", { textContent: `${words}: ${psnr}` });
    this.title.replaceChildren(run.title, element("br"), strong, ` ${run.measure}`);
    this.rows.textContent = run.pictures.replace("#", "");
    this.pictures.ariaLabel = run.pictures.replace("#", `${words}: ${psnr}`);
    this.drawPictures(place);
    if (this.points.length) this.drawMap(place);
    this.drawCurve(run.epochs[place]);
    this.curve.ariaLabel = `${data.curve}, ${words}`;
  }

  /** @param {number} place of the epoch among those kept */
  drawPictures(place) {
    const { sheet, given } = this.images;
    if (!sheet || !given) return;
    const { rows, count, height, width } = this.run;
    const scale = Math.max(1, Math.floor(160 / width));
    const [wide, tall] = [width * scale + GAP, height * scale + GAP];
    const bands = Math.ceil(count / ACROSS);
    const canvas = this.pictures;
    canvas.width = Math.min(ACROSS, count) * wide - GAP;
    canvas.height = bands * rows * tall - GAP;
    const context = penOf(canvas);
    context.imageSmoothingEnabled = false;
    for (let n = 0; n < count; n++) {
      for (let row = 0; row < rows; row++) {
        const isReconstructed = row === rows - 1;
        const source = isReconstructed ? sheet : given;
        const from = isReconstructed ? place : row;
        if (from * height >= source.naturalHeight) continue; // a newer sheet is still loading
        const [x, y] = [(n % ACROSS) * wide, (Math.floor(n / ACROSS) * rows + row) * tall];
        context.drawImage(source, n * width, from * height, width, height, x, y, wide - GAP, tall - GAP);
      }
    }
  }

  /** @param {number} place of the epoch among those kept */
  drawMap(place) {
    const [context, width, height] = sized(this.map);
    const [left, right, bottom, top] = this.extent;
    const { labels } = this.run;
    for (let i = 0; 2 * i < this.each; i++) {
      const at = place * this.each + 2 * i;
      const x = ((this.points[at] - left) / (right - left)) * width;
      const y = ((top - this.points[at + 1]) / (top - bottom)) * height;
      context.fillStyle = this.data.hues[labels[i] % this.data.hues.length];
      context.beginPath();
      context.arc(x, y, 3, 0, 7);
      context.fill();
    }
  }

  /** @param {number} epoch */
  drawCurve(epoch) {
    const [context, width, height] = sized(this.curve);
    const { curve, losses } = this.run;
    const every = losses.flat();
    const bend = Math.min(...every) > 0 ? Math.log : Number;
    const [low, high] = [bend(Math.min(...every)), bend(Math.max(...every))];
    const last = Math.max(2, curve[curve.length - 1]);
    /** @param {number} e */
    const across = (e) => 8 + ((e - 1) / (last - 1)) * (width - 16);
    /** @param {number} v */
    const up = (v) => height - 10 - ((bend(v) - low) / (high - low || 1)) * (height - 20);
    context.strokeStyle = getComputedStyle(this.curve).color;
    context.lineWidth = 2;
    context.setLineDash([4, 4]);
    context.beginPath();
    context.moveTo(across(epoch), 0);
    context.lineTo(across(epoch), height);
    context.stroke();
    context.setLineDash([]);
    for (const [line, values] of losses.entries()) {
      context.strokeStyle = context.fillStyle = this.data.colours[line];
      context.lineWidth = 2.5;
      context.beginPath();
      for (const [i, e] of curve.entries()) context.lineTo(across(e), up(values[i]));
      context.stroke();
      context.beginPath();
      context.arc(across(epoch), up(values[placeOf(epoch, curve)]), 5, 0, 7);
      context.fill();
    }
  }
}

/**
 * Return the index of the last of some ascending epochs that is not after an epoch; 0 if all are.
 *
 * @param {number} epoch
 * @param {number[]} epochs
 */
export function placeOf(epoch, epochs) {
  let place = 0;
  while (place + 1 < epochs.length && epochs[place + 1] <= epoch) place++;
  return place;
}

/** Return the square around points x, y, x, y, …, with a margin. @param {Float32Array} points @returns {Extent} */
function extentOf(points) {
  const low = [Infinity, Infinity], high = [-Infinity, -Infinity];
  for (let i = 0; i < points.length; i++) {
    low[i % 2] = Math.min(low[i % 2], points[i]);
    high[i % 2] = Math.max(high[i % 2], points[i]);
  }
  const half = 0.54 * Math.max(high[0] - low[0], high[1] - low[1], 1e-6);
  const [x, y] = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2];
  return [x - half, x + half, y - half, y + half];
}

/** @param {string} textContent @param {string} colour */
function coloured(textContent, colour) {
  const word = element("i", { textContent });
  word.style.color = colour;
  return word;
}

/** @param {HTMLElement[]} parts */
function figure(...parts) {
  const box = element("figure");
  box.append(...parts);
  return box;
}
