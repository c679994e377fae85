// A movable square on a photo. Its units are relative to the photo: x and y of the centre are
// shares of width and height, the side is a share of the shorter side, the angle is in degrees,
// clockwise. The square is sent when the visitor releases it.
//
// Streamlit calls the default export again whenever data change, so it assigns handlers and never
// adds any.

import { clamp, element, filled, find, viewOf, wordsOf } from "./dom.js";

/** @import { Call, Pairs } from "./types.js" */
/** @typedef {{ x: number, y: number, side: number, angle: number }} Crop */
/** @typedef {{ photo: string, faces: Crop[], crop: [keyof Crop, number][], words: Pairs }} Data */
/** @typedef {{ x: number, y: number }} Place */
/** @typedef {{ kind: "move" | "resize" | "draw", pointer: number, start: Place, from: Crop }} Drag */

const SMALLEST = 0.05;
const STEP = 0.02; // step of an arrow key

/** @param {HTMLElement} shown @param {{ width: number, height: number }} photo @param {Crop} crop */
function place(shown, photo, crop) {
  const side = (crop.side * Math.min(photo.width, photo.height)) / photo.width;
  shown.style.left = `${100 * crop.x}%`;
  shown.style.top = `${100 * crop.y}%`;
  shown.style.width = `${100 * side}%`;
  shown.style.aspectRatio = "1";
  shown.style.setProperty("--angle", `${crop.angle}deg`);
}

/** @param {Call<Data>} call */
export default function ({ data, parentElement, setStateValue }) {
  const root = find(parentElement, ".crop", HTMLElement);
  const image = find(root, "img", HTMLImageElement);
  const words = wordsOf(data.words);
  image.alt = words.photo;
  const view = viewOf(root, () => ({ crop: /** @type {Crop} */ (Object.fromEntries(data.crop)) }));
  const shape = () => ({ width: image.naturalWidth || 1, height: image.naturalHeight || 1 });

  for (const old of root.querySelectorAll(".face, .square")) old.remove();
  const square = element("div", { className: "square", tabIndex: 0, role: "group", ariaLabel: words.square });
  const corner = element("div", { className: "corner" });
  square.append(corner);

  const show = () => place(square, shape(), view.crop);
  const send = () => setStateValue("crop", { ...view.crop });
  /** @param {Partial<Crop>} change */
  const set = (change) => {
    const next = { ...view.crop, ...change };
    view.crop = {
      ...next,
      x: clamp(next.x, 0, 1),
      y: clamp(next.y, 0, 1),
      side: clamp(next.side, SMALLEST, 1),
    };
    show();
  };

  const faces = data.faces.map((face, index) => {
    const ariaLabel = filled(filled(words.face, "number", index + 1), "count", data.faces.length);
    const button = element("button", { type: "button", className: "face", ariaLabel });
    button.onclick = () => {
      set(face);
      send();
    };
    return { button, face };
  });
  const showAll = () => {
    for (const { button, face } of faces) place(button, shape(), face);
    show();
  };
  root.append(...(faces.length > 1 ? faces.map(({ button }) => button) : []), square);
  image.onload = showAll;
  if (image.getAttribute("src") !== data.photo) image.src = data.photo;
  showAll();

  /** Return the pointer's place, as shares of the photo. @param {PointerEvent} event */
  const at = (event) => {
    const box = root.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };
  /**
   * Return the side of the turned square with a centre that reaches a point.
   * @param {Place} centre @param {Place} point @param {number} angle
   */
  const reach = (centre, point, angle) => {
    const { width, height } = shape();
    const [x, y] = [(point.x - centre.x) * width, (point.y - centre.y) * height];
    const turn = (angle * Math.PI) / 180;
    const across = Math.abs(x * Math.cos(turn) + y * Math.sin(turn));
    const down = Math.abs(y * Math.cos(turn) - x * Math.sin(turn));
    return (2 * Math.max(across, down)) / Math.min(width, height);
  };

  /** @type {Drag | undefined} */
  let drag;
  root.onpointerdown = (event) => {
    const { target, pointerId: pointer } = event;
    if (drag || faces.some(({ button }) => button === target)) return;
    root.setPointerCapture(pointer);
    const kind = target === corner ? "resize" : target === square ? "move" : "draw";
    drag = { kind, pointer, start: at(event), from: { ...view.crop } };
  };
  root.onpointermove = (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    const { kind, start, from } = drag;
    const now = at(event);
    if (kind === "move") {
      set({ x: from.x + now.x - start.x, y: from.y + now.y - start.y });
    } else if (kind === "resize") {
      set({ side: reach(view.crop, now, view.crop.angle) });
    } else {
      const centre = { x: (start.x + now.x) / 2, y: (start.y + now.y) / 2 };
      const side = reach(centre, now, 0);
      if (side >= SMALLEST) set({ ...centre, side, angle: 0 });
    }
  };
  root.onpointerup = root.onpointercancel = (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    drag = undefined;
    send();
  };

  /** @type {Record<string, () => Partial<Crop>>} */
  const keys = {
    ArrowLeft: () => ({ x: view.crop.x - STEP }),
    ArrowRight: () => ({ x: view.crop.x + STEP }),
    ArrowUp: () => ({ y: view.crop.y - STEP }),
    ArrowDown: () => ({ y: view.crop.y + STEP }),
    "+": () => ({ side: view.crop.side + STEP }),
    "-": () => ({ side: view.crop.side - STEP }),
  };
  square.onkeydown = (event) => {
    if (!(event.key in keys)) return;
    event.preventDefault();
    set(keys[event.key]());
  };
  square.onkeyup = (event) => {
    if (event.key in keys) send();
  };
}
