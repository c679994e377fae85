// Convolutions for decoder_wasm.c: how they are split into products of matrices.
//
// A transposed convolution of stride s consists of s × s phases: the output pixels (p, q) whose taps
// are the same rows and columns of the kernel. Each phase, and a convolution as a whole, is a
// convolution of an input with padding, of which the engine computes tiles.

import { FEW, offsetOf, places } from "./decoder_convolution.js";
import { inSquares, suits } from "./decoder_wasm_winograd.js";

/** @import { Layer } from "./decoder_layers.js" */
/** @import { Address, Exports, Memory } from "./decoder_wasm.js" */
/** @import { Part, Threads } from "./decoder_wasm_threads.js" */
/**
 * @typedef {object} Phase along one axis
 * @property {number} first the first output position
 * @property {number} every from one output position to the next
 * @property {number} count output positions
 * @property {number} from the first input position of the first one, before or in the input
 * @property {number} step from one output position's input positions to those of the next
 * @property {number[]} taps rows (or columns) of the kernel by input position
 */

const PIECES = 4; // of a phase's rows, for two threads: who is done takes the next one

/**
 * Place a convolution's weights and return the function that applies it.
 *
 * @param {Exports} exports
 * @param {Memory} memory
 * @param {Threads} threads
 * @param {Layer} layer
 * @param {number[]} shape the input's shape
 * @param {Float32Array} kernel
 * @param {Address} x
 * @param {Address} bias
 * @param {Address} output
 * @returns {() => void}
 */
export function planned(exports, memory, threads, layer, [height, width, channels], kernel, x, bias, output) {
  const [rows, columns, filters] = layer.shape;
  const [vertical, horizontal] = [phases(layer, height, rows), phases(layer, width, columns)];
  const [top, bottom] = padding(vertical, height);
  const [left, right] = padding(horizontal, width);
  const line = (left + width + right) * channels;
  const padded = top + bottom + left + right > 0;
  const input = padded ? memory.take((top + height + bottom) * line) : x;
  const inside = input + 4 * (top * line + left * channels);
  const fill = () => exports.pad(x, inside, height, width * channels, line);
  const apply = threads.layer(
    suits(layer, channels)
      ? inSquares(memory, threads.count, layer, channels, line, kernel, input, bias, output)
      : vertical.flatMap((down) => horizontal.flatMap((across) => partsOf(down, across))),
  );
  return () => {
    if (padded) fill();
    apply();
  };

  /** @param {Phase} down @param {Phase} across @returns {Part[]} */
  function partsOf(down, across) {
    const few = filters < FEW;
    const weights = memory.keep((few ? rowsOf : tilesOf)(layer, kernel, channels, filters, down.taps, across.taps));
    const from = input + 4 * ((top + down.from) * line + (left + across.from) * channels);
    const to = output + 4 * (down.first * columns + across.first) * filters;
    const pieces = threads.count > 1 ? Math.min(PIECES, down.count) : 1;
    return Array.from({ length: pieces }, (_, piece) => {
      const [row, end] = [piece, piece + 1].map((each) => Math.floor((each * down.count) / pieces));
      const plan = memory.keep(
        Int32Array.of(
          ...[end - row, across.count, down.taps.length, across.taps.length * channels, line],
          ...[down.step * line, across.step * channels],
          ...[down.every * columns * filters, across.every * filters, filters],
        ),
      );
      const [x, y] = [from + 4 * row * down.step * line, to + 4 * row * down.every * columns * filters];
      const args = [plan, x, weights, bias, y];
      return { name: few ? "convolve_few" : "convolve", args: [args, args] };
    });
  }
}

/** @param {Layer} layer @param {number} before input positions @param {number} after output positions @returns {Phase[]} */
function phases(layer, before, after) {
  const { kind, stride } = layer;
  const offset = offsetOf(layer, before, after);
  const rows = places(layer);
  if (kind === "conv") return [{ first: 0, every: 1, count: after, from: -offset, step: stride, taps: rows }];
  rows.reverse();
  return Array.from({ length: stride }, (_, first) => {
    // Input i contributes to outputs i · stride + u − offset; the first of these taps is the last row.
    const phase = (first + offset) % stride;
    const taps = rows.filter((u) => u % stride === phase);
    const from = taps.length ? (first + offset - taps[0]) / stride : 0;
    return { first, every: stride, count: Math.ceil((after - first) / stride), from, step: 1, taps };
  }).filter(({ count }) => count > 0);
}

/** Return how many rows are missing before the input and after it. @param {Phase[]} all @param {number} before */
function padding(all, before) {
  const used = all.filter(({ taps }) => taps.length);
  const start = Math.min(0, ...used.map(({ from }) => from));
  const end = Math.max(before, ...used.map(({ from, count, step, taps }) => from + (count - 1) * step + taps.length));
  return [-start, end - before];
}

/**
 * Return the weights of a part of the kernel, (size, size, C, F) or of a transposed convolution
 * (size, size, F, C): for each eight filters [row][column and channel][8], for a rest of up to four [4].
 *
 * @param {Layer} layer
 * @param {Float32Array} kernel
 * @param {number} channels
 * @param {number} filters
 * @param {number[]} rows
 * @param {number[]} columns
 */
function tilesOf({ kind, size }, kernel, channels, filters, rows, columns) {
  const room = Math.ceil(filters / 4) * 4;
  const tiles = new Float32Array(rows.length * columns.length * channels * room);
  let to = 0;
  for (let first = 0; first < filters; first += 8) {
    const width = Math.min(room - first, 8);
    const end = Math.min(first + width, filters);
    for (const u of rows) {
      for (const v of columns) {
        const block = (size * u + v) * channels * filters;
        for (let c = 0; c < channels; c++, to += width) {
          for (let f = first; f < end; f++) {
            tiles[to + f - first] = kernel[block + (kind === "convT" ? f * channels + c : c * filters + f)];
          }
        }
      }
    }
  }
  return tiles;
}

/** The same for few filters: [filter][row][column and channel], filled to fours. @type {typeof tilesOf} */
function rowsOf({ kind, size }, kernel, channels, filters, rows, columns) {
  const run = Math.ceil((columns.length * channels) / 4) * 4;
  const all = new Float32Array(filters * rows.length * run);
  for (let f = 0; f < filters; f++) {
    for (const [t, u] of rows.entries()) {
      for (const [s, v] of columns.entries()) {
        const [block, to] = [(size * u + v) * channels * filters, (f * rows.length + t) * run + s * channels];
        for (let c = 0; c < channels; c++) {
          all[to + c] = kernel[block + (kind === "convT" ? f * channels + c : c * filters + f)];
        }
      }
    }
  }
  return all;
}
