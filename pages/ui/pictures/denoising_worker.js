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

/** @type {Promise<Decoder> | undefined} */
let network;
/** @type {Picture | undefined} */
let picture;
let kind = "";
/** @type {number | undefined} */
let wanted;

// What is to be drawn is drawn after all messages that are there by then: the newest amount counts.
const { port1: now, port2: later } = new MessageChannel();
later.onmessage = draw;

addEventListener("message", ({ data }) => {
  /** @type {Question} */
  const question = data;
  const { network: bytes } = question;
  if (bytes) network = engine.then(() => unpack(new Uint8Array(bytes)));
  picture = question.picture ?? picture;
  kind = question.kind ?? kind;
  if (question.amount === undefined) return;
  wanted = question.amount;
  now.postMessage(0);
});

async function draw() {
  const own = await network;
  const amount = wanted;
  wanted = undefined;
  if (amount === undefined || !own || !picture) return; // it is drawn already
  const { noisy, output, before, after } = frameOf(own, picture, kind, amount);
  const { shape } = picture;
  /** @type {Answer} */
  const answer = { amount, noisy: imageOf(noisy, shape), output: imageOf(output, shape), before, after };
  postMessage(answer);
}
