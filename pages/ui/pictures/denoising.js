// One frame of a moving amount of noise: the noisy image, what the network makes of it, their PSNR.

import { NOISES } from "./noises.js";

/** @import { Decoder } from "../pickers/decoder.js" */
/** @import { Picture } from "./noises.js" */
/**
 * @typedef {object} Frame
 * @property {Float32Array} noisy H·W·C values in [0, 1]
 * @property {Float32Array} output the same; the next frame overwrites it
 * @property {number} before the PSNR of `noisy` in dB
 * @property {number} after the PSNR of `output` in dB
 */

/**
 * @param {Decoder} network
 * @param {Picture} picture
 * @param {string} kind a name in `NOISES`
 * @param {number} amount
 * @returns {Frame}
 */
export function frameOf(network, picture, kind, amount) {
  const { clean } = picture;
  const noisy = amount > 0 ? NOISES[kind](picture, amount) : clean;
  const output = network.run(noisy);
  return { noisy, output, before: psnr(clean, noisy), after: psnr(clean, output) };
}

/** Return −10 · log₁₀(MSE), infinite for equal images. @param {Float32Array} a @param {Float32Array} b */
function psnr(a, b) {
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += (a[i] - b[i]) ** 2;
  return -10 * Math.log10(squares / a.length);
}
