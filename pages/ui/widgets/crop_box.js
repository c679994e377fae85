// A square on a photo. Measures are the photo's own: x and y of the centre as shares of width and
// height, side as a share of the shorter side, angle in degrees. Sends when the hand lets go.
//
// Streamlit calls the default export again whenever data change: it assigns handlers, never adds.

const SMALLEST = 0.05;
const STEP = 0.02; // of an arrow key
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function place(element, box, crop) {
  const side = (crop.side * Math.min(box.width, box.height)) / box.width;
  element.style.left = `${100 * crop.x}%`;
  element.style.top = `${100 * crop.y}%`;
  element.style.width = `${100 * side}%`;
  element.style.aspectRatio = "1";
  element.style.setProperty("--angle", `${crop.angle}deg`);
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".crop");
  const image = root.querySelector("img");
  const words = Object.fromEntries(data.words);
  image.alt = words.photo;
  root.crop ??= Object.fromEntries(data.crop);
  const shape = () => ({ width: image.naturalWidth || 1, height: image.naturalHeight || 1 });

  for (const old of root.querySelectorAll(".face, .square")) old.remove();
  const square = document.createElement("div");
  square.className = "square";
  square.tabIndex = 0;
  square.setAttribute("role", "group");
  square.setAttribute("aria-label", words.square);
  const corner = document.createElement("div");
  corner.className = "corner";
  square.append(corner);

  const show = () => place(square, shape(), root.crop);
  const send = () => setStateValue("crop", { ...root.crop });
  const set = (change) => {
    const next = { ...root.crop, ...change };
    root.crop = {
      ...next,
      x: clamp(next.x, 0, 1),
      y: clamp(next.y, 0, 1),
      side: clamp(next.side, SMALLEST, 1),
    };
    show();
  };

  const faces = data.faces.map((face, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "face";
    const label = words.face.replace("{number}", index + 1).replace("{count}", data.faces.length);
    button.setAttribute("aria-label", label);
    button.onclick = () => {
      set(face);
      send();
    };
    return [button, face];
  });
  const showAll = () => {
    for (const [button, face] of faces) place(button, shape(), face);
    show();
  };
  root.append(...(faces.length > 1 ? faces.map(([button]) => button) : []), square);
  image.onload = showAll;
  if (image.getAttribute("src") !== data.photo) image.src = data.photo;
  showAll();

  // Where the pointer is, as shares of the photo.
  const at = (event) => {
    const box = root.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };
  // The side of a square from its centre to a point.
  const reach = (centre, point) => {
    const { width, height } = shape();
    const across = Math.abs(point.x - centre.x) * width;
    const down = Math.abs(point.y - centre.y) * height;
    return (2 * Math.max(across, down)) / Math.min(width, height);
  };

  let drag = null;
  root.onpointerdown = (event) => {
    if (drag || event.target.className === "face") return;
    root.setPointerCapture(event.pointerId);
    const start = at(event);
    if (event.target === corner) drag = { kind: "resize" };
    else if (event.target === square) drag = { kind: "move", start, from: { ...root.crop } };
    else drag = { kind: "draw", start };
    drag.pointer = event.pointerId;
  };
  root.onpointermove = (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    const now = at(event);
    if (drag.kind === "move") {
      set({ x: drag.from.x + now.x - drag.start.x, y: drag.from.y + now.y - drag.start.y });
    } else if (drag.kind === "resize") {
      set({ side: reach(root.crop, now) });
    } else {
      const centre = { x: (drag.start.x + now.x) / 2, y: (drag.start.y + now.y) / 2 };
      const side = reach(centre, now);
      if (side >= SMALLEST) set({ ...centre, side, angle: 0 });
    }
  };
  root.onpointerup = root.onpointercancel = (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    drag = null;
    send();
  };

  const keys = {
    ArrowLeft: () => ({ x: root.crop.x - STEP }),
    ArrowRight: () => ({ x: root.crop.x + STEP }),
    ArrowUp: () => ({ y: root.crop.y - STEP }),
    ArrowDown: () => ({ y: root.crop.y + STEP }),
    "+": () => ({ side: root.crop.side + STEP }),
    "-": () => ({ side: root.crop.side - STEP }),
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
