// Runs a trained decoder in the browser: it decodes a code to an image without the server.
//
// The bytes come from `ae_core/latent/browser_decoder.py`, which describes their format.

import { penOf } from "../widgets/canvas.js";
import { ACTIVATIONS, prepare, shortcut } from "./decoder_layers.js";

/** @import { Apply, Layer, Slice } from "./decoder_layers.js" */
/**
 * @typedef {object} Header
 * @property {string} id the model's id
 * @property {string} digest a hash of the weights
 * @property {number} latent_dim
 * @property {number[]} shape an image's shape: [H, W, C]
 * @property {number} scale the largest pixel value in the training
 * @property {boolean} half whether the weights are float16
 * @property {Layer[]} layers
 *
 * @typedef {object} Step
 * @property {Apply} apply
 * @property {(code: Float32Array, x: Float32Array) => void} addShortcut
 * @property {(x: Float32Array) => void} activate
 *
 * @typedef {Omit<Header, "layers" | "half"> & { steps: Step[] }} Decoder
 */

/** Read a decoder. @param {Uint8Array} bytes @returns {Decoder} */
export function unpack(bytes) {
  const own = bytes.slice(); // Streamlit's bytes have any offset, but float32 needs multiples of 4
  const { half, layers, ...about } = headerOf(own);
  const start = 4 + new DataView(own.buffer).getUint32(0, true);
  /** @param {Slice} slice */
  const read = ([offset, size]) =>
    half
      ? fromHalf(new Uint16Array(own.buffer, start + offset, size))
      : new Float32Array(own.buffer, start + offset, size);
  let shape = [about.latent_dim];
  const steps = layers.map((layer) => {
    const activate = ACTIVATIONS[layer.activation];
    const step = { apply: prepare(layer, shape, read), addShortcut: shortcut(layer, read), activate };
    shape = layer.shape;
    return step;
  });
  return { ...about, steps };
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
  const own = Float32Array.from(code);
  /** @type {Float32Array} */
  let x = own;
  for (const step of decoder.steps) {
    x = step.apply(x);
    step.addShortcut(own, x);
    step.activate(x);
  }
  for (let i = 0; i < x.length; i++) x[i] = Math.min(Math.max(x[i] / decoder.scale, 0), 1);
  return x;
}

/**
 * Decode a code and draw the image on a canvas, pixel by pixel.
 *
 * @param {Decoder} decoder
 * @param {ArrayLike<number>} code
 * @param {HTMLCanvasElement} canvas
 */
export function paint(decoder, code, canvas) {
  const [height, width, channels] = decoder.shape;
  const pixels = decode(decoder, code);
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const image = new ImageData(width, height);
  for (let i = 0, p = 0; i < image.data.length; i += 4, p += channels) {
    for (let c = 0; c < 3; c++) image.data[i + c] = Math.round(255 * pixels[channels === 3 ? p + c : p]);
    image.data[i + 3] = 255;
  }
  penOf(canvas).putImageData(image, 0, 0);
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
