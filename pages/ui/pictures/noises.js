// Every kind of noise of `ae_core/specs/noise.py`, value by value as NumPy computes it in float32: a
// picture that follows the hand is the one that the server makes when the hand rests.

import { SIDE, STEPS } from "../widgets/dct.js";

/**
 * @typedef {object} Picture an image and the draws of a seed
 * @property {number[]} shape [H, W, C]
 * @property {Float32Array} clean H·W·C values in [0, 1], as all of these
 * @property {Float32Array} normal standard normal
 * @property {Float32Array} uniform in [0, 1)
 *
 * @typedef {(picture: Picture, amount: number) => Float32Array} Noise for an amount above 0
 */

const { fround } = Math;

/** Round to the nearest whole number, halves to the even one, as NumPy does. @param {number} value */
function whole(value) {
  const below = Math.floor(value);
  const over = value - below;
  return over === 0.5 ? below + (below % 2 && 1) : over < 0.5 ? below : below + 1;
}

/** @param {number} value */
const bounded = (value) => Math.min(Math.max(value, 0), 1);

/** Return a kind that adds something to each value. @param {(i: number, amount: number, picture: Picture) => number} added @returns {Noise} */
const additive = (added) => (picture, amount) =>
  picture.clean.map((value, i) => bounded(fround(value + added(i, amount, picture))));

/** Return a kind that replaces pixels, all channels alike. @param {(chance: number, amount: number) => number | undefined} chosen @returns {Noise} */
const replacing = (chosen) => ({ shape, clean, uniform }, amount) => {
  const [, , channels] = shape;
  return clean.map((value, i) => chosen(uniform[i - (i % channels)], amount) ?? value);
};

/** @type {Noise} */
function block({ shape, clean, uniform }, amount) {
  const [height, width, channels] = shape;
  const draws = [uniform[0], uniform[(height * width - 1) * channels]];
  const [rows, columns] = [height, width].map((side, axis) => {
    const length = Math.max(1, whole(side * amount ** 0.5));
    const first = Math.floor(fround(draws[axis] * (side - length + 1)));
    return { first, end: first + length };
  });
  return clean.map((value, i) => {
    const [row, column] = [Math.floor(i / channels / width), Math.floor(i / channels) % width];
    const inside = row >= rows.first && row < rows.end && column >= columns.first && column < columns.end;
    return inside ? 0 : value;
  });
}

/** Return the matrix (side, side) whose product with a line of pixels blurs it. @param {number} side @param {number} amount */
function blurring(side, amount) {
  const sigma = Math.max((amount * side) / 16, 1e-3);
  const matrix = new Float32Array(side * side);
  for (let i = 0; i < side; i++) {
    const line = Array.from({ length: side }, (_, j) => Math.exp(-0.5 * ((i - j) / sigma) ** 2));
    const sum = line.reduce((a, b) => a + b);
    matrix.set(line.map((weight) => weight / sum), i * side);
  }
  return matrix;
}

/** @type {Noise} */
function blur({ shape, clean }, amount) {
  const [height, width, channels] = shape;
  const across = blurring(width, amount);
  const down = height === width ? across : blurring(height, amount);
  const [lines, blurred] = [new Float32Array(clean.length), new Float32Array(clean.length)];
  const line = width * channels;
  for (let at = 0; at < clean.length; at++) {
    const [row, column, channel] = [Math.floor(at / line), Math.floor(at / channels) % width, at % channels];
    let sum = 0;
    for (let k = 0; k < width; k++) sum += across[column * width + k] * clean[row * line + k * channels + channel];
    lines[at] = sum;
  }
  for (let at = 0; at < clean.length; at++) {
    const row = Math.floor(at / line);
    let sum = 0;
    for (let k = 0; k < height; k++) sum += down[row * height + k] * lines[k * line + (at % line)];
    blurred[at] = bounded(sum);
  }
  return blurred;
}

// A row is a wave over 8 pixels (DCT-II, orthonormal).
const WAVES = Float32Array.from({ length: SIDE * SIDE }, (_, at) => {
  const [wave, x] = [Math.floor(at / SIDE), at % SIDE];
  const half = fround(Math.cos(((2 * x + 1) * wave * Math.PI) / 16) / 2);
  return wave ? half : half / Math.SQRT2;
});
const TURNED = WAVES.map((_, at) => WAVES[(at % SIDE) * SIDE + Math.floor(at / SIDE)]);

/**
 * Return matrix · square · matrixᵀ, all (8, 8), added up in the order of NumPy's `einsum`: a last digit
 * can decide how a coefficient is rounded.
 *
 * @param {Float32Array} matrix
 * @param {Float32Array} square
 */
function product(matrix, square) {
  const down = square.map((_, at) => {
    const [u, k] = [Math.floor(at / SIDE) * SIDE, at % SIDE];
    let sum = 0;
    for (let i = 0; i < SIDE; i++) sum = fround(sum + fround(matrix[u + i] * square[i * SIDE + k]));
    return sum;
  });
  return down.map((_, at) => {
    const [u, v] = [Math.floor(at / SIDE) * SIDE, (at % SIDE) * SIDE];
    let sum = 0;
    for (let k = 0; k < SIDE; k++) sum = fround(sum + fround(matrix[v + k] * down[u + k]));
    return sum;
  });
}

/** @type {Noise} */
function jpeg({ shape, clean }, amount) {
  const [height, width, channels] = shape;
  const quality = Math.max(1, whole(95 * (1 - amount)));
  const scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  const steps = STEPS.map((step) => Math.min(Math.max(Math.floor((step * scale + 50) / 100), 1), 255));
  const made = new Float32Array(clean.length);
  /** Beyond its edge a picture goes on as in a mirror. @param {number} place @param {number} side */
  const mirrored = (place, side) => (place < side ? place : 2 * side - 1 - place);
  for (let top = 0; top < height; top += SIDE) {
    for (let left = 0; left < width; left += SIDE) {
      for (let channel = 0; channel < channels; channel++) {
        const places = Array.from(STEPS, (_, i) => {
          const [row, column] = [top + Math.floor(i / SIDE), left + (i % SIDE)];
          return (mirrored(row, height) * width + mirrored(column, width)) * channels + channel;
        });
        const square = Float32Array.from(places, (at) => fround(clean[at] * 255) - 128);
        const kept = product(WAVES, square).map((found, i) => whole(fround(found / steps[i])) * steps[i]);
        product(TURNED, kept).forEach((value, i) => {
          const outside = top + Math.floor(i / SIDE) >= height || left + (i % SIDE) >= width;
          if (!outside) made[places[i]] = bounded(fround(whole(fround(value + 128)) / 255));
        });
      }
    }
  }
  return made;
}

/** By the names of `ae_core.specs.noise.NOISES`. @type {Record<string, Noise>} */
export const NOISES = {
  gaussian: additive((i, amount, { normal }) => fround(fround(amount) * normal[i])),
  heteroscedastic: additive((i, amount, { normal, uniform }) =>
    fround(fround(fround(2 * amount) * uniform[i]) * normal[i])),
  speckle: additive((i, amount, { clean, normal }) => fround(fround(fround(amount) * clean[i]) * normal[i])),
  masking: replacing((chance, amount) => (chance < fround(amount) ? 0 : undefined)),
  "salt-and-pepper": replacing((chance, amount) =>
    chance < fround(amount / 2) ? 0 : chance >= fround(1 - amount / 2) ? 1 : undefined),
  block,
  blur,
  jpeg,
};
