// Codes as numbers: between others, at random, as text.

import { clamp } from "../widgets/dom.js";

/**
 * What random codes are drawn from: the mean (D) and a factor (D, D) of the covariance, null for I.
 *
 * @typedef {{ mean: number[], factor: number[][] | null, hottest: number, title: string }} Gaussian
 */

const SPREAD = 3; // standard deviations that a random code may be from the mean

/**
 * Draw a code, rounded as the address says it.
 *
 * @param {Gaussian} gaussian
 * @param {number} temperature times the standard deviation
 */
export function sample({ mean, factor }, temperature) {
  const noise = mean.map(() => clamp(normal(), -SPREAD, SPREAD));
  return mean.map((middle, i) => {
    const step = factor ? factor[i].reduce((sum, f, j) => sum + f * noise[j], 0) : noise[i];
    return Number((middle + temperature * step).toPrecision(4));
  });
}

/**
 * Return a code between the codes of a path, at a share of the way; the ends are the ends exactly.
 *
 * @param {number[][]} path
 * @param {number} share
 */
export function along(path, share) {
  const at = clamp(share, 0, 1) * (path.length - 1);
  const first = Math.min(Math.floor(at), path.length - 2);
  const rest = at - first;
  return Float32Array.from(path[first], (v, i) => v * (1 - rest) + path[first + 1][i] * rest);
}

/** A standard normal number, by Box and Muller. */
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/**
 * Write numbers as `ae_core.latent.interpolation.code_to_text` does: 4 significant digits.
 *
 * @param {ArrayLike<number>} numbers
 */
export const asText = (numbers) =>
  Array.from(numbers, (v) => Number(v.toPrecision(4)) + 0).join(","); // no -0
