// Codes as points. Where the pointer is, a code is decoded, and the pictures follow; a click, or
// the finger that lets go, keeps it and tells the server.
//
// A point of the map is the code that is kept, moved along the map's two axes; on a map that is no
// plane (t-SNE) it is the code of the nearest picture.

const STEP = 0.02; // of an arrow key, as a share of the map
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".latent");
  root.view ??= new View(root);
  root.view.update(data, (text) => setTriggerValue("code", text));
  return () => root.view.close();
}

class View {
  constructor(root) {
    this.root = root;
    this.pictures = new Pictures(root.querySelector(".pictures"), () => this.draw());
    this.map = root.querySelector(".map");
    this.settling = new Settling();
    this.resized = new ResizeObserver(() => this.pictures.soon());
    this.map.onpointermove = (event) => this.hover(this.pointOf(event));
    this.map.onpointerdown = (event) => {
      this.pressed = event.button === 0;
      this.map.setPointerCapture(event.pointerId);
    };
    this.map.onpointerup = (event) => {
      if (this.pressed) this.choose(this.pointOf(event));
      this.pressed = false;
    };
    this.map.onpointerleave = () => this.hover(undefined);
    this.map.onkeydown = (event) => this.key(event);
  }

  close() {
    this.settling.flush();
    this.pictures.close();
    this.resized.disconnect();
  }

  update(data, send) {
    this.resized.observe(this.map);
    this.settling.send = send;
    this.data = data;
    this.points = numbers(data.points);
    this.codes = data.codes && numbers(data.codes);
    this.words = Object.fromEntries(data.words);
    if (!this.map.ariaLabel) this.map.ariaLabel = this.words.map;
    this.pictures.show(data.models, this.words);
    const isNews = this.settling.isNews(data.at);
    if (isNews || data.layout !== this.layout) {
      this.kept = { point: data.point, code: Float32Array.from(data.code) };
      this.hovered = undefined;
    }
    this.layout = data.layout;
    this.legend();
    this.pictures.soon();
  }

  legend() {
    const { names: classes, values } = this.data;
    const ends = [[this.words.less, -1], [this.words.more, 1]];
    const scale = values.length && !classes.length ? ends : [];
    const names = [...classes.map((name, i) => [name, i]), ...scale].map(([textContent, value]) => {
      const entry = element("span", { textContent });
      entry.style.setProperty("--hue", this.colour(value));
      return entry;
    });
    this.root.querySelector(".legend").replaceChildren(...names);
  }

  pointOf(event) {
    const box = this.map.getBoundingClientRect();
    const [left, right, bottom, top] = this.data.extent;
    const x = clamp((event.clientX - box.left) / box.width, 0, 1);
    const y = clamp((event.clientY - box.top) / box.height, 0, 1);
    return [left + x * (right - left), top - y * (top - bottom)];
  }

  hover(point) {
    this.hovered = point;
    this.pictures.soon();
  }

  choose(point) {
    this.kept = { point, code: this.codeAt(point) };
    this.hovered = undefined;
    this.pictures.soon();
    this.settling.soon(() => asText(this.kept.code));
  }

  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const [left, right, bottom, top] = this.data.extent;
    const [x, y] = this.kept.point;
    this.choose([
      clamp(x + step[0] * STEP * (right - left), left, right),
      clamp(y + step[1] * STEP * (top - bottom), bottom, top),
    ]);
    const place = this.kept.point.map((v) => v.toFixed(2)).join(", ");
    this.map.ariaLabel = filled(this.words.map_at, "place", place);
  }

  codeAt([x, y]) {
    const { axes } = this.data;
    const { point, code } = this.kept;
    if (this.codes) {
      const nearest = this.nearest(x, y);
      return this.codes.slice(nearest * code.length, (nearest + 1) * code.length);
    }
    return code.map((v, i) => v + (x - point[0]) * axes[0][i] + (y - point[1]) * axes[1][i]);
  }

  nearest(x, y) {
    let [best, least] = [0, Infinity];
    for (let i = 0; 2 * i < this.points.length; i++) {
      const distance = (this.points[2 * i] - x) ** 2 + (this.points[2 * i + 1] - y) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  draw() {
    const shown = this.hovered ?? this.kept.point;
    const complete = this.pictures.draw(this.hovered ? this.codeAt(shown) : this.kept.code);
    const words = complete ? this.data.status : this.words.loading;
    this.root.querySelector(".status").textContent = words;
    const scale = window.devicePixelRatio;
    const [width, height] = [this.map.clientWidth, this.map.clientHeight];
    this.map.width = width * scale;
    this.map.height = height * scale;
    const context = this.map.getContext("2d");
    context.scale(scale, scale);
    const [left, right, bottom, top] = this.data.extent;
    const place = ([x, y]) => [((x - left) / (right - left)) * width, ((top - y) / (top - bottom)) * height];
    this.drawHoles(context, width, height);
    this.drawPoints(context, place);
    this.drawCross(context, place(shown));
  }

  drawHoles(context, width, height) {
    const { holes, cells } = this.data;
    context.strokeStyle = getComputedStyle(this.map).color;
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

  drawPoints(context, place) {
    const { values } = this.data;
    for (let i = 0; 2 * i < this.points.length; i++) {
      const [x, y] = place([this.points[2 * i], this.points[2 * i + 1]]);
      context.fillStyle = this.colour(values[i]);
      context.beginPath();
      context.arc(x, y, 2.6, 0, 7);
      context.fill();
    }
  }

  colour(value) {
    const { hues } = this.data;
    if (value === undefined) return hues[0];
    if (this.data.names.length) return hues[value % hues.length];
    return `hsl(${230 - 190 * ((clamp(value, -1, 1) + 1) / 2)} 75% 55%)`; // a factor in [-1, 1]
  }

  drawCross(context, [x, y]) {
    for (const [colour, width] of [["#fff", 6], ["#d3222a", 2.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      context.arc(x, y, 9, 0, 7);
      for (const [a, b] of [[-1, 0], [1, 0], [0, -1], [0, 1]]) {
        context.moveTo(x + 5 * a, y + 5 * b);
        context.lineTo(x + 16 * a, y + 16 * b);
      }
      context.stroke();
    }
  }
}

// Float32 numbers that came as base64.
const numbers = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
