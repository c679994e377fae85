// Paints a wall's images, and all students' curves in one plot.

import { penOf, sized } from "../widgets/canvas.js";
import { localized } from "../widgets/numbers.js";

/** @import { Point } from "../widgets/types.js" */
/**
 * @typedef {"psnr" | "loss"} Measure
 *
 * @typedef {object} Pairs originals, then their reconstructions, N × 2 × H × W × C bytes
 * @property {number} count
 * @property {number} side
 * @property {number} channels
 * @property {number} begin their offset in the wall's pixels
 *
 * @typedef {object} Run as `ae_core.classroom.run_card.pack` describes it
 * @property {string} [id] for teachers
 * @property {string} status
 * @property {boolean} live
 * @property {number} place its place in the queue
 * @property {number} epoch
 * @property {number} epochs
 * @property {number} numbers the latent dimension
 * @property {number | null} psnr
 * @property {number | null} loss
 * @property {boolean} heldOut whether the PSNR is that of held-out images
 * @property {number} begun
 * @property {[epoch: number, loss: number | null, psnr: number | null][]} curve
 * @property {Pairs} pictures
 *
 * @typedef {{ id: string, name: string, colour: string, points: Point[] }} Line
 */

/** The index of each measure in a point of a curve. @type {Record<Measure, 1 | 2>} */
export const MEASURES = { psnr: 2, loss: 1 };

/**
 * Return the points [epoch, value] of a curve that have a value.
 *
 * @param {Run | undefined} run
 * @param {Measure} measure
 * @returns {Point[]}
 */
export function points(run, measure) {
  const at = MEASURES[measure];
  return (run?.curve ?? []).flatMap((point) => {
    const value = point[at];
    return value === null ? [] : [/** @type {Point} */ ([point[0], value])];
  });
}

/**
 * Draw originals above their reconstructions; a single pair is drawn side by side, twice as large.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Pairs} pairs
 * @param {Uint8Array} pixels
 */
export function drawPairs(canvas, { count, side, channels, begin }, pixels) {
  const step = side + 1;
  const alone = count === 1;
  [canvas.width, canvas.height] = alone ? [2 * side + 1, side] : [count * step - 1, 2 * side + 1];
  const context = penOf(canvas);
  let at = begin;
  for (let pair = 0; pair < count; pair++) {
    for (let row = 0; row < 2; row++) {
      const image = context.createImageData(side, side);
      for (let i = 0; i < side * side; i++, at += channels) {
        for (let c = 0; c < 3; c++) image.data[4 * i + c] = pixels[at + (channels === 3 ? c : 0)];
        image.data[4 * i + 3] = 255;
      }
      context.putImageData(image, alone ? row * step : pair * step, alone ? 0 : row * step);
    }
  }
}

/**
 * Draw all students' curves.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Line[]} lines at least one
 * @param {string | undefined} lit the student whose curve is highlighted
 * @param {boolean} logarithmic
 * @param {string} title
 */
export function drawPlot(canvas, lines, lit, logarithmic, title) {
  const [context, width, height] = sized(canvas);
  const style = getComputedStyle(canvas);
  context.font = `14px ${style.fontFamily}`;
  context.fillStyle = style.color;
  context.fillText(title, 44, 18);
  const values = lines.flatMap((line) => line.points.map(([, value]) => value));
  const bend = logarithmic && Math.min(...values) > 0 ? Math.log : Number;
  const [low, high] = [bend(Math.min(...values)), bend(Math.max(...values))];
  const last = Math.max(2, ...lines.map((line) => endOf(line)[0]));
  const labelled = new Set(lines.length <= 6 ? lines.map((line) => line.id) : [lit]);
  const named = lines.some((line) => labelled.has(line.id));
  const [left, right, top, bottom] = [44, width - (named ? 110 : 16), 30, height - 24];
  /** @param {number} epoch */
  const across = (epoch) => left + ((epoch - 1) / (last - 1)) * (right - left);
  /** @param {number} value */
  const up = (value) => bottom - ((bend(value) - low) / (high - low || 1)) * (bottom - top);
  context.globalAlpha = 0.75;
  for (const epoch of [1, Math.round((1 + last) / 2), last]) {
    context.textAlign = "center";
    context.fillText(String(epoch), across(epoch), height - 6);
  }
  context.textAlign = "right";
  for (const share of [0, 0.5, 1]) {
    const bent = low + share * (high - low);
    const value = bend === Math.log ? Math.exp(bent) : bent;
    context.fillText(figure(value), left - 6, up(value) + 5);
    context.fillRect(left, up(value), right - left, 0.4);
  }
  context.textAlign = "left";
  for (const line of [...lines].sort((a, b) => Number(a.id === lit) - Number(b.id === lit))) {
    const bright = lit === undefined || line.id === lit;
    context.globalAlpha = bright ? 1 : 0.2;
    context.strokeStyle = context.fillStyle = line.colour;
    context.lineWidth = line.id === lit ? 4 : 2;
    context.beginPath();
    for (const [epoch, value] of line.points) context.lineTo(across(epoch), up(value));
    context.stroke();
    const [epoch, value] = endOf(line);
    context.beginPath();
    context.arc(across(epoch), up(value), line.id === lit ? 5 : 3, 0, 7);
    context.fill();
    if (labelled.has(line.id)) context.fillText(shortened(line.name), across(epoch) + 8, up(value) + 5);
  }
  context.globalAlpha = 1;
}

/** @param {Line} line */
const endOf = (line) => line.points[line.points.length - 1];

/** Return a student's colour by the order of joining; successive hues are far apart. @param {number} number */
export const hue = (number) => `hsl(${Math.round(number * 137.508 + 225) % 360} 68% 52%)`;

/** @param {number | null} value */
export const figure = (value) => (value == null ? "–" : localized(Number(value.toPrecision(3)).toString()));

/** @param {string} name */
const shortened = (name) => (name.length > 12 ? `${name.slice(0, 11)}…` : name);
