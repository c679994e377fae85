// The drawing canvas: converts strokes to a small grayscale image.
//
// Points are in canvas units: (0, 0) is the top left corner and (1, 1) the bottom right one. So a
// drawing does not depend on the size of the screen.
//
// Streamlit calls the default export when the element appears and again whenever data or the theme
// changes. It therefore assigns handlers and never adds one, and keeps nothing in its own variables.

import { penOf } from "./canvas.js";
import { filled, find, viewOf, wordsOf } from "./dom.js";

/** @import { Call, Pairs, Words } from "./types.js" */
/** @typedef {{ x: number, y: number }} Place */
/** @typedef {Place[]} Stroke */
/** @typedef {{ strokes: Stroke[], pointer: number | null }} Drawing */
/** @typedef {{ key: string, side: number, height_px: number, words: Pairs }} Data */

const STROKE_WIDTH = 1 / 14; // two pixels of MNIST's 28

// The browser draws at this multiple of the sent resolution in each direction; our own mean over
// each area is then the same in every browser and on every screen.
const FINER = 4;

// Streamlit loads this module once per tab, so the drawings outlive the element: Python drops the
// image when the visitor opens another page, and gets it back from here on return.
/** @type {Map<string, Drawing>} */
const drawings = new Map();

/** @param {string} key */
function drawingOf(key) {
  const drawing = drawings.get(key) ?? { strokes: [], pointer: null };
  drawings.set(key, drawing);
  return drawing;
}

/** @param {CanvasRenderingContext2D} context @param {Stroke[]} strokes @param {number} side */
function paintStrokes(context, strokes, side) {
  context.fillStyle = "#000";
  context.fillRect(0, 0, side, side);
  context.strokeStyle = context.fillStyle = "#fff";
  context.lineWidth = STROKE_WIDTH * side;
  context.lineCap = context.lineJoin = "round";
  for (const points of strokes) {
    const at = points.map(({ x, y }) => ({ x: x * side, y: y * side }));
    const last = at[at.length - 1];
    context.beginPath();
    if (at.length === 1) {
      // A tap: browsers differ in whether they draw a line without length.
      context.arc(last.x, last.y, context.lineWidth / 2, 0, 2 * Math.PI);
      context.fill();
      continue;
    }
    // Curves between midpoints, so that there are no corners at the pointer's positions.
    context.moveTo(at[0].x, at[0].y);
    for (let i = 1; i < at.length - 1; i++) {
      const middle = { x: (at[i].x + at[i + 1].x) / 2, y: (at[i].y + at[i + 1].y) / 2 };
      context.quadraticCurveTo(at[i].x, at[i].y, middle.x, middle.y);
    }
    context.lineTo(last.x, last.y);
    context.stroke();
  }
}

/** @param {CanvasRenderingContext2D} context @param {string} hint @param {number} side @param {string} font */
function paintHint(context, hint, side, font) {
  context.fillStyle = "#b0b0b0"; // contrast 9.7 : 1 on black
  context.font = `${side / 14}px ${font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(hint, side / 2, side / 2, 0.95 * side);
}

/** @param {HTMLCanvasElement} canvas @param {Stroke[]} strokes @param {Words} words */
function show(canvas, strokes, words) {
  // Use the screen's own pixels under the canvas; both a resize and a zoom change their number.
  const side = Math.round(canvas.clientWidth * window.devicePixelRatio);
  if (side === 0) return; // hidden: the observer calls again when it is visible
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = penOf(canvas);
  paintStrokes(context, strokes, side);
  if (strokes.length === 0) paintHint(context, words.hint, side, getComputedStyle(canvas).fontFamily);
  const label = [words.empty, words.one][strokes.length] ?? words.several;
  canvas.ariaLabel = filled(label, "count", strokes.length);
}

/**
 * Return the drawing as base64 of side × side bytes, row by row, 0 black to 255 white; null when empty.
 *
 * @param {Stroke[]} strokes
 * @param {number} side
 */
function pictureOf(strokes, side) {
  if (strokes.length === 0) return null;
  const fineSide = side * FINER;
  const fine = document.createElement("canvas");
  fine.width = fine.height = fineSide;
  const context = penOf(fine, { willReadFrequently: true });
  paintStrokes(context, strokes, fineSide);
  const rgba = context.getImageData(0, 0, fineSide, fineSide).data;
  const sums = new Uint32Array(side * side);
  for (let y = 0; y < fineSide; y++) {
    const row = Math.floor(y / FINER) * side;
    for (let x = 0; x < fineSide; x++) {
      sums[row + Math.floor(x / FINER)] += rgba[4 * (y * fineSide + x)]; // gray: red suffices
    }
  }
  const bytes = Uint8Array.from(sums, (sum) => Math.round(sum / FINER ** 2));
  return btoa(String.fromCharCode(...bytes));
}

/** @param {PointerEvent} event @param {HTMLCanvasElement} canvas */
function pointOf(event, canvas) {
  const box = canvas.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
}

/** @param {Call<Data>} call */
export default function ({ data, parentElement, setStateValue }) {
  const root = find(parentElement, ".drawing", HTMLElement);
  const canvas = find(root, "canvas", HTMLCanvasElement);
  const drawing = drawingOf(data.key);
  const send = () => setStateValue("picture", pictureOf(drawing.strokes, data.side));

  const words = wordsOf(data.words);
  const repaint = () => show(canvas, drawing.strokes, words);

  root.style.setProperty("--side", `${data.height_px}px`);
  const [undo, clear] = [".undo", ".clear"].map((name) => find(root, name, HTMLButtonElement));
  [undo.textContent, clear.textContent] = [words.undo, words.clear];
  repaint();

  canvas.onpointerdown = (event) => {
    // One stroke at a time: a palm or a second finger is ignored.
    if (drawing.pointer !== null || event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId); // the stroke continues outside the canvas
    drawing.pointer = event.pointerId;
    drawing.strokes.push([pointOf(event, canvas)]);
    repaint();
  };

  canvas.onpointermove = (event) => {
    if (event.pointerId !== drawing.pointer) return;
    const stroke = drawing.strokes[drawing.strokes.length - 1];
    // A pen reports several points per frame; without them, quick strokes have corners.
    const seen = event.getCoalescedEvents?.() ?? [];
    for (const each of seen.length ? seen : [event]) stroke.push(pointOf(each, canvas));
    repaint();
  };

  // The last of the three events arrives even if the browser swallows the others.
  canvas.onpointerup = canvas.onpointercancel = canvas.onlostpointercapture = (event) => {
    if (event.pointerId !== drawing.pointer) return;
    drawing.pointer = null;
    send();
  };

  // The buttons stay enabled when there is nothing to undo: keyboard users would lose their place
  // if the focused button were disabled.
  /** @param {(strokes: Stroke[]) => void} edit */
  const change = (edit) => () => {
    if (drawing.strokes.length === 0 || drawing.pointer !== null) return;
    edit(drawing.strokes);
    repaint();
    send();
  };
  undo.onclick = change((strokes) => strokes.pop());
  clear.onclick = change((strokes) => strokes.splice(0));

  return viewOf(root, () => {
    // A new element: the page was opened, or Streamlit has rebuilt the element.
    drawing.pointer = null; // the element that had captured it is gone
    if (drawing.strokes.length > 0) send();
    const observer = new ResizeObserver(repaint);
    observer.observe(canvas);
    window.addEventListener("resize", repaint); // for a zoom that does not change the layout
    return () => {
      observer.disconnect();
      window.removeEventListener("resize", repaint);
    };
  });
}
