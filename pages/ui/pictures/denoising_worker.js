// A thread that denoises, so that the hand on the slider never waits for a picture.

import { unpack, imageOf } from "../pickers/decoder.js";
import { engine } from "../pickers/decoder_wasm.js";
import { frameOf } from "./denoising.js";

/** @import { Decoder } from "../pickers/decoder.js" */
/** @import { Picture } from "./noises.js" */
/**
 * @typedef {object} Question what is left out is as before
 * @property {ArrayBuffer} [network]
 * @property {Picture} [picture]
 * @property {string} [kind] of noise
 * @property {number} [amount] of it; without one, there is no answer
 *
 * @typedef {object} Answer
 * @property {number} amount
 * @property {ImageData} noisy
 * @property {ImageData} output
 * @property {number} before the PSNR of `noisy` in dB
 * @property {number} after the PSNR of `output` in dB
 */

/** @type {Decoder | undefined} */
let network;
/** @type {Picture | undefined} */
let picture;
let kind = "";

/** One question after the other: the first one waits for the engine. */
let last = engine.then(() => {});

addEventListener("message", ({ data }) => {
  last = last.then(() => answer(data));
});

/** @param {Question} question */
function answer(question) {
  if (question.network) network = unpack(new Uint8Array(question.network));
  picture = question.picture ?? picture;
  kind = question.kind ?? kind;
  const { amount } = question;
  if (amount === undefined || !network || !picture) return;
  const { noisy, output, before, after } = frameOf(network, picture, kind, amount);
  const { shape } = picture;
  /** @type {Answer} */
  const made = { amount, noisy: imageOf(noisy, shape), output: imageOf(output, shape), before, after };
  postMessage(made);
}
