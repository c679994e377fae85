// What is painted on a wall: pictures, and everybody's curves in one plot.

const MEASURES = { psnr: 2, loss: 1 }; // where each stands in a point of a curve

/** The points [epoch, value] of a curve that have a value. */
function points(run, measure) {
  const at = MEASURES[measure];
  return (run?.curve ?? []).filter((point) => point[at] !== null).map((point) => [point[0], point[at]]);
}

/** Originals above their reconstructions; a single pair stands side by side, twice as large. */
function drawPairs(canvas, { count, side, channels, begin }, pixels) {
  const step = side + 1;
  const alone = count === 1;
  [canvas.width, canvas.height] = alone ? [2 * side + 1, side] : [count * step - 1, 2 * side + 1];
  const context = canvas.getContext("2d");
  let at = begin;
  for (let pair = 0; pair < count; pair++) {
    for (let row = 0; row < 2; row++) {
      const image = context.createImageData(side, side);
      for (let i = 0; i < side * side; i++, at += channels) {
        for (let c = 0; c < 3; c++) image.data[4 * i + c] = pixels[at + (channels === 3 ? c : 0)];
        image.data[4 * i + 3] = 255;
      }
      context.putImageData(image, alone ? row * step : pair * step, alone ? 0 : row * step);
    }
  }
}

function drawPlot(canvas, lines, lit, logarithmic, title) {
  const [context, width, height] = sized(canvas);
  const style = getComputedStyle(canvas);
  context.font = `14px ${style.fontFamily}`;
  context.fillStyle = style.color;
  context.fillText(title, 44, 18);
  const values = lines.flatMap((line) => line.points.map(([, value]) => value));
  const bend = logarithmic && Math.min(...values) > 0 ? Math.log : (value) => value;
  const [low, high] = [bend(Math.min(...values)), bend(Math.max(...values))];
  const last = Math.max(2, ...lines.map((line) => line.points.at(-1)[0]));
  const labelled = new Set(lines.length <= 6 ? lines.map((line) => line.id) : [lit]);
  const named = lines.some((line) => labelled.has(line.id));
  const [left, right, top, bottom] = [44, width - (named ? 110 : 16), 30, height - 24];
  const across = (epoch) => left + ((epoch - 1) / (last - 1)) * (right - left);
  const up = (value) => bottom - ((bend(value) - low) / (high - low || 1)) * (bottom - top);
  context.globalAlpha = 0.75;
  for (const epoch of [1, Math.round((1 + last) / 2), last]) {
    context.textAlign = "center";
    context.fillText(epoch, across(epoch), height - 6);
  }
  context.textAlign = "right";
  for (const share of [0, 0.5, 1]) {
    const bent = low + share * (high - low);
    const value = bend === Math.log ? Math.exp(bent) : bent;
    context.fillText(figure(value), left - 6, up(value) + 5);
    context.fillRect(left, up(value), right - left, 0.4);
  }
  context.textAlign = "left";
  for (const line of [...lines].sort((a, b) => (a.id === lit) - (b.id === lit))) {
    const bright = lit === undefined || line.id === lit;
    context.globalAlpha = bright ? 1 : 0.2;
    context.strokeStyle = context.fillStyle = line.colour;
    context.lineWidth = line.id === lit ? 4 : 2;
    context.beginPath();
    for (const [epoch, value] of line.points) context.lineTo(across(epoch), up(value));
    context.stroke();
    const [epoch, value] = line.points.at(-1);
    context.beginPath();
    context.arc(across(epoch), up(value), line.id === lit ? 5 : 3, 0, 7);
    context.fill();
    if (labelled.has(line.id)) context.fillText(shortened(line.name), across(epoch) + 8, up(value) + 5);
  }
  context.globalAlpha = 1;
}

/** A canvas as large as it is shown, empty; its context and its size in CSS pixels. */
function sized(canvas) {
  const scale = window.devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  [canvas.width, canvas.height] = [width * scale, height * scale];
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return [context, width, height];
}

/** The colour of a student by the order of joining: neighbours are far apart on the wheel. */
const hue = (number) => `hsl(${Math.round(number * 137.508 + 225) % 360} 68% 52%)`;

const figure = (value) => (value == null ? "–" : Number(value.toPrecision(3)).toString());

const shortened = (name) => (name.length > 12 ? `${name.slice(0, 11)}…` : name);
