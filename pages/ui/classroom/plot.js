// Paints a wall's images, and all students' curves in one plot.

import { penOf, sized } from "../widgets/canvas.js";
import { localized } from "../widgets/numbers.js";

/** @import { Point } from "../widgets/types.js" */
/**
 * @typedef {"psnr" | "loss" | "sizes"} Measure
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

const MOST_LABELS = 6; // curves, each with its student's name
export const FEWEST_IN_A_BAND = 4; // curves: of fewer, the middle half says nothing

/** The index of each measure in a point of a curve. @type {{ psnr: 2, loss: 1 }} */
const MEASURES = { psnr: 2, loss: 1 };

/**
 * Return the points [epoch, value] of a curve that have a value.
 *
 * @param {Run | undefined} run
 * @param {keyof typeof MEASURES} measure
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
 * Draw all students' curves, by epoch or, with a dot for every run, by code size.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Line[]} lines at least one
 * @param {string | undefined} lit the student whose curve is highlighted
 * @param {Measure} measure
 * @param {string[]} said its title, in parts of which the last ones may be left out
 */
export function drawPlot(canvas, lines, lit, measure, said) {
  const bySize = measure === "sizes";
  const [context, width, height] = sized(canvas);
  const style = getComputedStyle(canvas);
  const letter = parseFloat(style.fontSize);
  context.font = `${letter}px ${style.fontFamily}`;
  context.fillStyle = style.color;
  const titles = said.map((_, left) => said.slice(0, said.length - left).join(" · "));
  const room = width - 3 * letter;
  const title = titles.find((each) => context.measureText(each).width < room) ?? said[0];
  context.fillText(title, 3 * letter, 1.3 * letter);
  const values = lines.flatMap((line) => line.points.map(([, value]) => value));
  const bend = measure === "loss" && Math.min(...values) > 0 ? Math.log : Number;
  const [low, high] = [bend(Math.min(...values)), bend(Math.max(...values))];
  const last = Math.max(2, ...lines.map((line) => endOf(line)[0]));
  const sizes = sizesIn(lines);
  const [from, to] = bySize ? [Math.log(sizes[0]), Math.log(last)] : [1, last];
  const ticks = bySize ? sizes : [1, Math.round((1 + last) / 2), last];
  const labelled = lines.filter((line) => lines.length <= MOST_LABELS || line.id === lit);
  const names = labelled.map((line) => context.measureText(shortened(line.name)).width + letter);
  const [left, right] = [(bySize ? 4 : 3) * letter, width - letter - 8 - Math.max(0, ...names)];
  const [top, bottom] = [2.2 * letter, height - 1.7 * letter];
  /** @param {number} x an epoch or a code size */
  const across = (x) => left + (((bySize ? Math.log(x) : x) - from) / (to - from || 1)) * (right - left);
  /** @param {number} value */
  const up = (value) => bottom - ((bend(value) - low) / (high - low || 1)) * (bottom - top);
  context.globalAlpha = 0.75;
  let free = 0;
  for (const tick of ticks) {
    context.textAlign = "center";
    if (across(tick) < free) continue;
    context.fillText(String(tick), across(tick), height - 6);
    free = across(tick) + 2 * letter;
  }
  context.textAlign = "right";
  for (const share of [0, 0.5, 1]) {
    const bent = low + share * (high - low);
    const value = bend === Math.log ? Math.exp(bent) : bent;
    context.fillText(figure(value), 3 * letter - 6, up(value) + letter / 3);
    context.fillRect(3 * letter, up(value), right - 3 * letter, 0.4);
  }
  context.textAlign = "left";
  for (const line of [...lines].sort((a, b) => Number(a.id === lit) - Number(b.id === lit))) {
    const bright = lit === undefined || line.id === lit;
    context.globalAlpha = !bright ? 0.2 : lines.length > MOST_LABELS && lit === undefined ? 0.6 : 1;
    context.strokeStyle = context.fillStyle = line.colour;
    context.lineWidth = line.id === lit ? 4 : Math.max(2, letter / 7);
    context.beginPath();
    for (const [epoch, value] of line.points) context.lineTo(across(epoch), up(value));
    context.stroke();
    for (const [x, value] of bySize ? line.points : [endOf(line)]) {
      context.beginPath();
      context.arc(across(x), up(value), line.id === lit ? 5 : Math.max(3, letter / 5), 0, 7);
      context.fill();
    }
  }
  if (bySize && lit === undefined) {
    context.globalAlpha = 0.35;
    context.strokeStyle = style.color;
    context.lineWidth = letter / 3;
    context.beginPath();
    for (const [size, value] of middles(lines)) context.lineTo(across(size), up(value));
    context.stroke();
  } else if (lines.length >= FEWEST_IN_A_BAND && lit === undefined) {
    const [lower, middle, upper] = quantiles(
      lines.map((line) => line.points),
      [0.25, 0.5, 0.75],
    );
    context.fillStyle = context.strokeStyle = style.color;
    context.globalAlpha = 0.22;
    context.beginPath();
    for (const [epoch, value] of [...lower, ...upper.reverse()]) context.lineTo(across(epoch), up(value));
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = 3;
    context.beginPath();
    for (const [epoch, value] of middle) context.lineTo(across(epoch), up(value));
    context.stroke();
  }
  context.globalAlpha = 1;
  labelled.sort((a, b) => endOf(b)[1] - endOf(a)[1]);
  const heights = apart(labelled.map((line) => up(endOf(line)[1])), 1.2 * letter, bottom);
  labelled.forEach((line, i) => {
    const [x, y] = [across(endOf(line)[0]) + 8, heights[i]];
    context.fillStyle = line.colour;
    context.fillRect(x, y - letter / 4, letter / 2, letter / 2);
    context.fillStyle = style.color; // not every hue can be read
    context.fillText(shortened(line.name), x + 0.8 * letter, y + letter / 3);
  });
}

/**
 * Move rising heights so far that each is ``distance`` or more below the one before, and the last
 * not below ``bottom``.
 *
 * @param {number[]} heights
 * @param {number} distance
 * @param {number} bottom
 */
export function apart(heights, distance, bottom) {
  const moved = [...heights];
  for (let i = 1; i < moved.length; i++) moved[i] = Math.max(moved[i], moved[i - 1] + distance);
  for (let i = moved.length - 1, most = bottom; i >= 0; i--, most -= distance) moved[i] = Math.min(moved[i], most);
  return moved;
}

/**
 * Return quantiles of curves at every epoch that one of them has.
 *
 * Between the points of a curve lies a straight line; before its first and after its last it is
 * left out.
 *
 * @param {Point[][]} curves
 * @param {number[]} parts from 0 to 1
 * @returns {Point[][]}
 */
export function quantiles(curves, parts) {
  const epochs = [...new Set(curves.flatMap((curve) => curve.map(([epoch]) => epoch)))].sort((a, b) => a - b);
  const values = epochs.map((epoch) => curves.flatMap((curve) => valueAt(curve, epoch) ?? []).sort((a, b) => a - b));
  return parts.map((part) => epochs.map((epoch, i) => /** @type {Point} */ ([epoch, quantile(values[i], part)])));
}

/** @param {Point[]} curve @param {number} epoch */
function valueAt(curve, epoch) {
  const after = curve.findIndex(([each]) => each >= epoch);
  if (after < 0 || (after === 0 && curve[0][0] > epoch)) return undefined;
  const [right, high] = curve[after];
  if (right === epoch) return high;
  const [left, low] = curve[after - 1];
  return low + ((high - low) * (epoch - left)) / (right - left);
}

/** Return a quantile of sorted values, between two of them if need be. @param {number[]} sorted @param {number} part */
function quantile(sorted, part) {
  const place = part * (sorted.length - 1);
  const below = Math.floor(place);
  return sorted[below] + (place - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
}

/** The code sizes of all points, the smallest first. @param {Line[]} lines */
export const sizesIn = (lines) => [...new Set(lines.flatMap((line) => line.points.map(([size]) => size)))].sort((a, b) => a - b);

/** The class's mean at every code size. @param {Line[]} lines @returns {Point[]} */
export function middles(lines) {
  return sizesIn(lines).map((size) => {
    const values = lines.flatMap((line) => line.points.flatMap(([each, value]) => (each === size ? [value] : [])));
    return [size, values.reduce((sum, value) => sum + value, 0) / values.length];
  });
}

/** @param {Line} line */
const endOf = (line) => line.points[line.points.length - 1];

/** Return a student's colour by the order of joining; successive hues are far apart. @param {number} number */
export const hue = (number) => `hsl(${Math.round(number * 137.508 + 225) % 360} 68% 52%)`;

/** @param {number | null} value */
export const figure = (value) => (value == null ? "–" : localized(Number(value.toPrecision(3)).toString()));

/** @param {string} name */
const shortened = (name) => (name.length > 12 ? `${name.slice(0, 11)}…` : name);
