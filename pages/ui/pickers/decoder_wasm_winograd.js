// How decoder_wasm_winograd.c is used: for which convolutions, with which weights, in which parts.

/** @import { Layer } from "./decoder_layers.js" */
/** @import { Address, Exports, Memory } from "./decoder_wasm.js" */

const SIDE = 3; // rows and columns of the kernel
const AT_ONCE = 32; // squares: what is computed of them stays in a processor's cache

// A line of the kernel becomes four numbers: this matrix times the line.
const SPREAD = [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]];

/** @param {Layer} layer @param {number} channels of its input */
export function suits({ stride, size, shape: [rows, columns, filters] }, channels) {
  return stride === 1 && size === SIDE
    && rows % 2 === 0 && columns % 2 === 0 && channels % 4 === 0 && filters % 4 === 0;
}

/**
 * Place the weights of a convolution that `suits` and return the function that applies it.
 *
 * @param {Exports} exports
 * @param {Memory} memory
 * @param {Layer} layer
 * @param {number} channels
 * @param {number} line values from a row of the input, which has its padding, to the next one
 * @param {Float32Array} kernel
 * @param {Address} x
 * @param {Address} bias
 * @param {Address} output
 * @returns {() => void}
 */
export function inSquares(exports, memory, { kind, shape }, channels, line, kernel, x, bias, output) {
  const [rows, columns, filters] = shape;
  const [down, across] = [rows / 2, columns / 2];
  const part = Math.min(down, Math.ceil(AT_ONCE / across));
  const below = columns * filters;
  const weights = memory.keep(spread(kind, kernel, channels, filters));
  const zeros = memory.take(filters);
  const spreads = memory.lend(16 * part * across * (channels + filters));
  const products = spreads + 4 * 16 * part * across * channels;
  /** @type {(() => void)[]} */
  const steps = [];
  for (let top = 0; top < down; top += part) {
    const plan = memory.keep(Int32Array.of(Math.min(part, down - top), across, channels, filters, line, below));
    const [from, to] = [x + 4 * 2 * top * line, output + 4 * 2 * top * below];
    steps.push(() => exports.winograd(plan, from, weights, zeros, bias, spreads, products, to));
  }
  return () => steps.forEach((step) => step());
}

/**
 * Return 16 matrices, each for eight filters [channel][8] and for a rest of four [channel][4].
 *
 * @param {Layer["kind"]} kind
 * @param {Float32Array} kernel (3, 3, C, F), or of a transposed convolution (3, 3, F, C)
 * @param {number} channels
 * @param {number} filters
 */
function spread(kind, kernel, channels, filters) {
  const size = channels * filters;
  const all = new Float32Array(16 * size);
  const transposed = kind === "convT";
  for (let c = 0; c < channels; c++) {
    for (let f = 0; f < filters; f++) {
      const first = f - (f % 8);
      const width = Math.min(8, filters - first);
      const place = first * channels + c * width + (f % 8);
      for (let p = 0; p < 16; p++) {
        const [down, across] = [SPREAD[p >> 2], SPREAD[p & 3]];
        let sum = 0;
        for (let tap = 0; tap < SIDE * SIDE; tap++) {
          // A transposed convolution of stride 1 is one with its kernel turned by 180°.
          const weight = transposed
            ? kernel[(SIDE * SIDE - 1 - tap) * size + f * channels + c]
            : kernel[tap * size + c * filters + f];
          sum += down[Math.floor(tap / SIDE)] * across[tap % SIDE] * weight;
        }
        all[p * size + place] = sum;
      }
    }
  }
  return all;
}
