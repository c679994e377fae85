// Runs a trained decoder in the browser: it decodes a code to an image without the server. A denoiser
// is one, too, whose code is an image.
//
// The bytes come from `ae_core/models/browser_network.py`, which describes their format.

import { penOf } from "../widgets/canvas.js";
import * as javascript from "./decoder_layers.js";
import * as wasm from "./decoder_wasm.js";

/** @import { Layer, Read } from "./decoder_layers.js" */
/**
 * @typedef {object} Header
 * @property {string} id the model's id
 * @property {string} digest a hash of the weights
 * @property {number[]} input the shape of what it decodes: [D], or [H, W, C] for a denoiser
 * @property {number[]} shape an image's shape: [H, W, C]
 * @property {number} scale the largest pixel value in the training
 * @property {boolean} half whether the weights are float16
 * @property {Layer[]} layers
 *
 * @typedef {Header & { read: Read }} Network
 * @typedef {(code: ArrayLike<number>) => Float32Array} Run
 * @typedef {object} Runs
 * @property {number} latent_dim how many values it decodes
 * @property {Run} run
 * @property {"wasm" | "javascript"} engine
 *
 * @typedef {Omit<Header, "layers" | "half"> & Runs} Decoder
 */

/** @type {WebAssembly.Module | undefined} */
let engine; // until it is there, and in a browser that cannot run it, decoders run in JavaScript
wasm.engine.then((module) => (engine = module));

/** Read a decoder. @param {Uint8Array} bytes @returns {Decoder} */
export function unpack(bytes) {
  const own = bytes.slice(); // Streamlit's bytes have any offset, but float32 needs multiples of 4
  const header = headerOf(own);
  const start = 4 + new DataView(own.buffer).getUint32(0, true);
  /** @type {Read} */
  const read = ([offset, size, step, places, values]) => {
    const begin = start + offset;
    if (step !== undefined) return fromSteps(new Int8Array(own.buffer, begin, size), step, places, values);
    return header.half
      ? fromHalf(new Uint16Array(own.buffer, begin, size))
      : new Float32Array(own.buffer, begin, size);
  };
  const { layers, half, ...told } = header;
  const about = { ...told, latent_dim: wasm.sizeOf(header.input) };
  const network = { ...header, read };
  const fast = engine && inWasm(engine, network);
  if (fast) return { ...about, ...fast };
  /** @type {Decoder} */
  const decoder = { ...about, run: javascript.assembled(network), engine: "javascript" };
  if (!engine) wasm.engine.then((module) => module && Object.assign(decoder, inWasm(module, network)));
  return decoder;
}

/** @param {WebAssembly.Module} module @param {Network} network @returns {Pick<Decoder, "run" | "engine"> | undefined} */
function inWasm(module, network) {
  try {
    return { run: wasm.assembled(module, network), engine: "wasm" };
  } catch (error) {
    if (error instanceof RangeError) return undefined; // there is not that much memory in one piece
    throw error;
  }
}

/** Read the header of a decoder's bytes. @param {Uint8Array} bytes @returns {Header} */
export function headerOf(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
}

/**
 * Decode a code; the next call overwrites the pixels (H·W·C values in [0, 1]).
 *
 * @param {Decoder} decoder
 * @param {ArrayLike<number>} code
 */
export function decode(decoder, code) {
  return decoder.run(code);
}

/**
 * Decode a code and draw the image on a canvas, pixel by pixel.
 *
 * @param {Decoder} decoder
 * @param {ArrayLike<number>} code
 * @param {HTMLCanvasElement} canvas
 */
export function paint(decoder, code, canvas) {
  const [height, width] = decoder.shape;
  const image = imageOf(decode(decoder, code), decoder.shape);
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  penOf(canvas).putImageData(image, 0, 0);
}

/** Return pixels (H·W·C values in [0, 1]) as they are drawn. @param {Float32Array} pixels @param {number[]} shape */
export function imageOf(pixels, [height, width, channels]) {
  const image = new ImageData(width, height);
  for (let i = 0, p = 0; i < image.data.length; i += 4, p += channels) {
    for (let c = 0; c < 3; c++) image.data[i + c] = Math.round(255 * pixels[channels === 3 ? p + c : p]);
    image.data[i + 3] = 255;
  }
  return image;
}

/**
 * Convert steps to float32 values.
 *
 * @param {Int8Array} steps
 * @param {number} step the size of a step
 * @param {number[]} places where there are more steps than an int8 says
 * @param {number[]} values how many there are
 */
function fromSteps(steps, step, places = [], values = []) {
  const floats = Float32Array.from(steps, (each) => each * step);
  places.forEach((place, i) => (floats[place] = values[i] * step));
  return floats;
}

/**
 * Convert float16 values to float32: move a half's bits to their place in a float32; 2 ** 112
 * corrects the exponent's offset.
 *
 * @param {Uint16Array} halves
 */
function fromHalf(halves) {
  const bits = Uint32Array.from(halves);
  for (let i = 0; i < bits.length; i++) bits[i] = ((bits[i] & 0x8000) << 16) | ((bits[i] & 0x7fff) << 13);
  const floats = new Float32Array(bits.buffer);
  for (let i = 0; i < floats.length; i++) floats[i] *= 2 ** 112;
  return floats;
}
