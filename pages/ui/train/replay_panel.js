// What is drawn of one run at an epoch: its pictures, its map if it has one, its loss.

const ACROSS = 4; // pictures side by side
const GAP = 6; // pixels between pictures

/** A run's place on the page; `redraw` is called when a picture of it has come. */
class Panel {
  constructor(redraw) {
    this.redraw = redraw;
    this.root = made("div", { className: "run" });
    this.title = made("div", { className: "title" });
    this.pictures = made("canvas", { className: "pictures" });
    this.map = made("canvas", { className: "map" });
    this.curve = made("canvas", { className: "curve" });
    for (const canvas of [this.pictures, this.map, this.curve]) canvas.setAttribute("role", "img");
    this.rows = made("figcaption");
    this.legend = made("figcaption");
    const charts = made("div");
    this.mapFigure = figure(this.map, this.legend);
    this.lines = made("figcaption");
    charts.append(this.mapFigure, figure(this.curve, this.lines));
    this.root.append(this.title, figure(this.pictures, this.rows), charts);
    this.images = {};
  }

  update(run, data) {
    [this.run, this.data] = [run, data];
    for (const name of ["sheet", "given"]) {
      if (this.images[name]?.src === run[name]) continue;
      const image = new Image();
      image.src = run[name];
      image.decode().then(() => {
        this.images[name] = image; // until then the one before is shown
        this.redraw();
      });
    }
    this.points = new Float32Array(Uint8Array.from(atob(run.codes), (c) => c.charCodeAt(0)).buffer);
    this.each = this.points.length / run.epochs.length; // numbers an epoch
    this.extent = extentOf(this.points);
    this.mapFigure.hidden = !this.points.length;
    this.map.setAttribute("aria-label", data.map);
    this.legend.replaceChildren(
      `${data.map}: `,
      ...run.names.flatMap((name, i) => [coloured(name, data.hues[i % data.hues.length]), " "]),
    );
    this.lines.replaceChildren(
      `${data.curve}: `,
      ...[data.training, data.held_out]
        .slice(0, run.losses.length)
        .flatMap((name, i) => [coloured(name, data.colours[i]), " "]),
    );
  }

  draw(epoch) {
    const { run, data } = this;
    const place = placeOf(epoch, run.epochs);
    const words = data.named.replace("#", run.epochs[place]);
    const psnr = `${run.psnr[place].toFixed(1)} dB`;
    this.title.replaceChildren(run.title, made("br"), made("b", { textContent: `${words}: ${psnr}` }), ` ${run.measure}`);
    this.rows.textContent = run.pictures.replace("#", "");
    this.pictures.setAttribute("aria-label", run.pictures.replace("#", `${words}: ${psnr}`));
    this.drawPictures(place);
    if (this.points.length) this.drawMap(place);
    this.drawCurve(run.epochs[place]);
    this.curve.setAttribute("aria-label", `${data.curve}, ${words}`);
  }

  drawPictures(place) {
    const { sheet, given } = this.images;
    if (!sheet || !given) return;
    const { rows, count, height, width } = this.run;
    const scale = Math.max(1, Math.floor(160 / width));
    const [wide, tall] = [width * scale + GAP, height * scale + GAP];
    const bands = Math.ceil(count / ACROSS);
    const canvas = this.pictures;
    canvas.width = Math.min(ACROSS, count) * wide - GAP;
    canvas.height = bands * rows * tall - GAP;
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    for (let n = 0; n < count; n++) {
      for (let row = 0; row < rows; row++) {
        const [source, from] = row < rows - 1 ? [given, row] : [sheet, place];
        if (from * height >= source.naturalHeight) continue; // a newer sheet is on its way
        const [x, y] = [(n % ACROSS) * wide, (Math.floor(n / ACROSS) * rows + row) * tall];
        context.drawImage(source, n * width, from * height, width, height, x, y, wide - GAP, tall - GAP);
      }
    }
  }

  drawMap(place) {
    const [context, width, height] = sized(this.map);
    const [left, right, bottom, top] = this.extent;
    const { labels } = this.run;
    for (let i = 0; 2 * i < this.each; i++) {
      const at = place * this.each + 2 * i;
      const x = ((this.points[at] - left) / (right - left)) * width;
      const y = ((top - this.points[at + 1]) / (top - bottom)) * height;
      context.fillStyle = this.data.hues[labels[i] % this.data.hues.length];
      context.beginPath();
      context.arc(x, y, 3, 0, 7);
      context.fill();
    }
  }

  drawCurve(epoch) {
    const [context, width, height] = sized(this.curve);
    const { curve, losses } = this.run;
    const every = losses.flat();
    const bend = Math.min(...every) > 0 ? Math.log : (v) => v;
    const [low, high] = [bend(Math.min(...every)), bend(Math.max(...every))];
    const last = Math.max(2, curve.at(-1));
    const across = (e) => 8 + ((e - 1) / (last - 1)) * (width - 16);
    const up = (v) => height - 10 - ((bend(v) - low) / (high - low || 1)) * (height - 20);
    context.strokeStyle = getComputedStyle(this.curve).color;
    context.lineWidth = 2;
    context.setLineDash([4, 4]);
    context.beginPath();
    context.moveTo(across(epoch), 0);
    context.lineTo(across(epoch), height);
    context.stroke();
    context.setLineDash([]);
    for (const [line, values] of losses.entries()) {
      context.strokeStyle = context.fillStyle = this.data.colours[line];
      context.lineWidth = 2.5;
      context.beginPath();
      for (const [i, e] of curve.entries()) context.lineTo(across(e), up(values[i]));
      context.stroke();
      context.beginPath();
      context.arc(across(epoch), up(values[placeOf(epoch, curve)]), 5, 0, 7);
      context.fill();
    }
  }
}

/** The place of the last of some ascending epochs that is not after one; 0 if all are. */
function placeOf(epoch, epochs) {
  let place = 0;
  while (place + 1 < epochs.length && epochs[place + 1] <= epoch) place++;
  return place;
}

/** The square around points x, y, x, y, …, with some room: left, right, bottom, top. */
function extentOf(points) {
  const low = [Infinity, Infinity], high = [-Infinity, -Infinity];
  for (let i = 0; i < points.length; i++) {
    low[i % 2] = Math.min(low[i % 2], points[i]);
    high[i % 2] = Math.max(high[i % 2], points[i]);
  }
  const half = 0.54 * Math.max(high[0] - low[0], high[1] - low[1], 1e-6);
  const [x, y] = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2];
  return [x - half, x + half, y - half, y + half];
}

/** A canvas as large as it is shown, empty; its context and its size in CSS pixels. */
function sized(canvas) {
  const scale = window.devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return [context, width, height];
}

const made = (name, properties = {}) => Object.assign(document.createElement(name), properties);

function coloured(textContent, colour) {
  const word = made("i", { textContent });
  word.style.color = colour;
  return word;
}

function figure(...parts) {
  const box = made("figure");
  box.append(...parts);
  return box;
}
