// Functions for codes: interpolation, random codes, and codes as text.

import { clamp } from "../widgets/dom.js";

/**
 * The distribution of random codes: the mean (D) and a factor (D, D) of the covariance, null for I.
 *
 * @typedef {{ mean: number[], factor: number[][] | null, hottest: number, title: string }} Gaussian
 */

const SPREAD = 3; // maximum distance of a random code from the mean, in standard deviations

/**
 * Draw a random code, rounded as in the address.
 *
 * @param {Gaussian} gaussian
 * @param {number} temperature a factor on the standard deviation
 */
export function sample({ mean, factor }, temperature) {
  const noise = mean.map(() => clamp(normal(), -SPREAD, SPREAD));
  return mean.map((middle, i) => {
    const step = factor ? factor[i].reduce((sum, f, j) => sum + f * noise[j], 0) : noise[i];
    return Number((middle + temperature * step).toPrecision(4));
  });
}

/**
 * Interpolate along a path of codes at a share of the way; both ends are exact.
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

/** Draw a standard normal number with the Box-Muller transform. */
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/**
 * Write a code like `ae_core.latent.interpolation.code_to_text`, with 4 significant digits.
 *
 * @param {ArrayLike<number>} numbers
 */
export const asText = (numbers) =>
  Array.from(numbers, (v) => Number(v.toPrecision(4)) + 0).join(","); // no -0
