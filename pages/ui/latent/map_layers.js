// The layers of a map, bottom to top: areas without training codes, the codes, the chosen place.

import { clamp, element } from "../widgets/dom.js";

/** @import { Point, Words } from "../widgets/types.js" */
/** @typedef {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} Pen */
/** @typedef {{ values: number[], names: string[], hues: string[] }} Coloured */

const LITTLE = [47, 91, 215]; // red, green, blue: a blue and an orange that everybody can tell apart
const MUCH = [242, 140, 20];

/**
 * Return the colour of a class or of a factor.
 *
 * @param {number | undefined} value the class, or a factor in [-1, 1]
 * @param {Coloured} map
 */
export function colourOf(value, { names, hues }) {
  if (value === undefined) return hues[0];
  if (names.length) return hues[value % hues.length];
  const share = (clamp(value, -1, 1) + 1) / 2;
  return `rgb(${LITTLE.map((low, i) => Math.round(low + share * (MUCH[i] - low))).join(" ")})`;
}

/** Return what the colours mean. @param {Coloured} map @param {Words} words */
export function legendOf(map, words) {
  if (!map.values.length) return [];
  if (map.names.length)
    return map.names.map((textContent, value) => {
      const entry = element("span", { textContent, className: "class" });
      entry.style.setProperty("--hue", colourOf(value, map));
      return entry;
    });
  const scale = element("i", { className: "scale" });
  scale.style.background = `linear-gradient(90deg, ${colourOf(-1, map)}, ${colourOf(1, map)})`;
  const [less, more] = [words.less, words.more].map((textContent) => element("span", { textContent }));
  return [less, scale, more];
}

/**
 * Hatch the cells without training codes.
 *
 * @param {Pen} context
 * @param {number} width
 * @param {number} height
 * @param {{ holes: string, cells: number }} map a "1" for every such cell, from the bottom, and the number of cells per side
 * @param {string} colour
 */
export function drawHoles(context, width, height, { holes, cells }, colour) {
  context.strokeStyle = colour;
  context.globalAlpha = 0.28;
  context.beginPath();
  for (let i = 0; i < holes.length; i++) {
    if (holes[i] === "0") continue;
    const x = ((i % cells) / cells) * width;
    const y = height - ((Math.floor(i / cells) + 1) / cells) * height;
    context.moveTo(x, y + height / cells);
    context.lineTo(x + width / cells, y);
  }
  context.stroke();
  context.globalAlpha = 1;
}

/**
 * Draw the codes as points, or as the names of their classes: colours alone do not tell ten of them.
 *
 * @param {Pen} context
 * @param {Float32Array} points x, y, x, y, …
 * @param {(point: Point) => Point} place returns a point's place on the canvas
 * @param {(i: number) => string} colour returns the colour of a point by its index
 * @param {(i: number) => string} [name] returns its name
 */
export function drawPoints(context, points, place, colour, name) {
  Object.assign(context, { font: "600 12px sans-serif", textAlign: "center", textBaseline: "middle" });
  for (let i = 0; 2 * i < points.length; i++) {
    const [x, y] = place([points[2 * i], points[2 * i + 1]]);
    context.fillStyle = colour(i);
    if (name) {
      context.fillText(name(i), x, y);
      continue;
    }
    context.beginPath();
    context.arc(x, y, 2.6, 0, 7);
    context.fill();
  }
}

/** Mark a place with a cross that is visible on any background. @param {Pen} context @param {Point} point */
export function drawCross(context, [x, y]) {
  for (const line of [{ strokeStyle: "#fff", lineWidth: 6 }, { strokeStyle: "#d3222a", lineWidth: 2.5 }]) {
    Object.assign(context, line);
    context.beginPath();
    context.arc(x, y, 9, 0, 7);
    for (const [a, b] of [[-1, 0], [1, 0], [0, -1], [0, 1]]) {
      context.moveTo(x + 5 * a, y + 5 * b);
      context.lineTo(x + 16 * a, y + 16 * b);
    }
    context.stroke();
  }
}
