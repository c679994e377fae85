// The layers of a network in JavaScript: each one is a function from input values to output values.
// decoder_wasm.js runs the same ones faster; tests compare both.
//
// Maps are stored row by row, all channels of a pixel together (H, W, C), as in Keras.

import { addProduct, convolution } from "./decoder_convolution.js";

/** @import { Network, Run } from "./decoder.js" */
/**
 * A layer as `ae_core/models/browser_network.py` describes it.
 *
 * @typedef {[offset: number, size: number, step?: number, places?: number[], values?: number[]]} Slice
 *   the place of an array after the header, and how to get from int8 to its numbers
 * @typedef {object} Layer
 * @property {"dense" | "reshape" | "conv" | "convT" | "up" | "pool"} kind
 * @property {keyof typeof ACTIVATIONS} activation
 * @property {number} stride
 * @property {"same" | "valid"} padding
 * @property {number} size rows and columns of a convolution's kernel
 * @property {number[]} shape the output's shape: [H, W, C] or [D]
 * @property {Slice} kernel
 * @property {Slice} bias
 * @property {Slice} [shortcut] the kernel of a linear map from the input
 * @property {number} [add] the number of a map to add: the input is map 0, the first layer's output map 1
 *
 * @typedef {(slice: Slice) => Float32Array} Read
 * @typedef {(x: Float32Array) => Float32Array} Apply
 */

/** Return the function that gives an image. @param {Network} network @returns {Run} */
export function assembled({ layers, input, scale, read }) {
  let shape = input;
  const steps = layers.map((layer) => {
    const activate = ACTIVATIONS[layer.activation];
    const step = { apply: prepare(layer, shape, read), addMore: addition(layer, read), activate };
    shape = layer.shape;
    return step;
  });
  return (values) => {
    /** @type {Float32Array} */
    let x = Float32Array.from(values);
    const maps = [x];
    for (const step of steps) {
      x = step.apply(x);
      step.addMore(maps, x);
      step.activate(x);
      maps.push(x);
    }
    for (let i = 0; i < x.length; i++) x[i] = Math.min(Math.max(x[i] / scale, 0), 1);
    return x;
  };
}

/**
 * Return a layer's function, without its activation; the next call overwrites its output.
 *
 * @param {Layer} layer
 * @param {number[]} shape the input's shape
 * @param {Read} read
 * @returns {Apply}
 */
function prepare(layer, shape, read) {
  const output = new Float32Array(layer.shape.reduce((a, b) => a * b, 1));
  if (layer.kind === "reshape") return (x) => x;
  if (layer.kind === "up") return enlarging(layer.stride, shape, output);
  if (layer.kind === "pool") return pooling(layer, shape, output);
  const [kernel, bias] = [read(layer.kernel), read(layer.bias)];
  if (layer.kind === "conv" || layer.kind === "convT") return convolution(layer, shape, kernel, bias, output);
  return (x) => {
    output.set(bias);
    addProduct(x, 0, kernel, output, 0, x.length, bias.length);
    return output;
  };
}

/**
 * Return a function that adds to a layer's output x what else belongs there: a linear map of the
 * input, or an earlier map.
 *
 * @param {Layer} layer
 * @param {Read} read
 * @returns {(maps: Float32Array[], x: Float32Array) => void}
 */
function addition({ shortcut, add }, read) {
  if (shortcut) {
    const kernel = read(shortcut);
    return ([input], x) => addProduct(input, 0, kernel, x, 0, input.length, x.length);
  }
  if (add === undefined) return () => {};
  return (maps, x) => {
    const earlier = maps[add];
    for (let i = 0; i < x.length; i++) x[i] += earlier[i];
  };
}

/** Repeat every pixel. @param {number} factor @param {number[]} shape @param {Float32Array} output @returns {Apply} */
function enlarging(factor, [height, width, channels], output) {
  return (x) => {
    let to = 0;
    for (let p = 0; p < height * factor; p++) {
      for (let q = 0; q < width * factor; q++, to += channels) {
        const from = (Math.floor(p / factor) * width + Math.floor(q / factor)) * channels;
        for (let c = 0; c < channels; c++) output[to + c] = x[from + c];
      }
    }
    return output;
  };
}

/** Take the maximum of each square. @param {Layer} layer @param {number[]} shape @param {Float32Array} output @returns {Apply} */
function pooling({ stride, shape }, [height, width, channels], output) {
  const [rows, columns] = shape;
  const top = Math.floor((rows * stride - height) / 2);
  const left = Math.floor((columns * stride - width) / 2);
  return (x) => {
    output.fill(-Infinity);
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        const to = (Math.floor((i + top) / stride) * columns + Math.floor((j + left) / stride)) * channels;
        const from = (i * width + j) * channels;
        for (let c = 0; c < channels; c++) output[to + c] = Math.max(output[to + c], x[from + c]);
      }
    }
    return output;
  };
}

/** @param {(v: number) => number} f @returns {(x: Float32Array) => void} */
const each = (f) => (x) => {
  for (let i = 0; i < x.length; i++) x[i] = f(x[i]);
};

const ACTIVATIONS = {
  linear: () => {},
  relu: each((v) => Math.max(v, 0)),
  leaky_relu: each((v) => (v < 0 ? 0.2 * v : v)),
  elu: each((v) => (v < 0 ? Math.expm1(v) : v)),
  gelu: each((v) => 0.5 * v * (1 + erf(v / Math.SQRT2))),
  tanh: each(Math.tanh),
  sigmoid: each((v) => 1 / (1 + Math.exp(-v))),
};

/** The error function, Abramowitz and Stegun 7.1.26, accurate to 1.5e-7. @param {number} v */
function erf(v) {
  const t = 1 / (1 + 0.3275911 * Math.abs(v));
  const sum = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(v) * (1 - sum * Math.exp(-v * v));
}
