// The layers of a map, bottom to top: areas without training codes, the codes, the chosen place.

/** @import { Point } from "../widgets/types.js" */

/**
 * Hatch the cells without training codes.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number} width
 * @param {number} height
 * @param {{ holes: string, cells: number }} map a "1" for every such cell, from the bottom, and the number of cells per side
 */
export function drawHoles(context, width, height, { holes, cells }) {
  context.strokeStyle = getComputedStyle(context.canvas).color;
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
 * Draw the codes as points.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} points x, y, x, y, …
 * @param {(point: Point) => Point} place returns a point's place on the canvas
 * @param {(i: number) => string} colour returns the colour of a point by its index
 */
export function drawPoints(context, points, place, colour) {
  for (let i = 0; 2 * i < points.length; i++) {
    const [x, y] = place([points[2 * i], points[2 * i + 1]]);
    context.fillStyle = colour(i);
    context.beginPath();
    context.arc(x, y, 2.6, 0, 7);
    context.fill();
  }
}

/** Mark a place with a cross that is visible on any background. @param {CanvasRenderingContext2D} context @param {Point} point */
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
