// The wall of a class: a card a student and all curves in one plot. Sorting, highlighting and the
// plot's measure stay here; the server hears only of what a teacher stops or takes out.
// Everything that a student typed is set as text, never as markup.

const SORTS = {
  name: (a, b) => a.name.localeCompare(b.name),
  psnr: (a, b) => descending(a.run?.psnr, b.run?.psnr),
  loss: (a, b) => descending(negative(a.run?.loss), negative(b.run?.loss)),
  newest: (a, b) => descending(a.run?.begun, b.run?.begun),
  numbers: (a, b) => descending(negative(a.run?.numbers), negative(b.run?.numbers)),
};
const MANY = 24; // students, beyond which their cards are small

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".wall");
  root.view ??= new Wall(root);
  root.view.update(unpacked(data), setTriggerValue);
  return () => root.view.close();
}

/** What `ae_core.classroom.run_card.pack` packed. */
function unpacked(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 4 + view.getUint32(0, true);
  const about = JSON.parse(new TextDecoder().decode(bytes.subarray(4, end)));
  return { ...about, pixels: bytes.subarray(end) };
}

class Wall {
  constructor(root) {
    this.sorts = made("div", "hands");
    this.measures = made("div", "hands");
    this.plot = made("canvas", "plot");
    this.plot.setAttribute("role", "img");
    this.grid = made("div", "cards");
    const hands = made("div", "toolbar");
    hands.append(this.sorts, this.measures);
    root.append(hands, this.plot, this.grid);
    this.cards = new Map();
    [this.sort, this.measure] = ["name", "psnr"];
    this.resized = new ResizeObserver(() => this.soon());
    this.resized.observe(this.plot);
  }

  close() {
    this.resized.disconnect();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  update(data, send) {
    [this.data, this.send] = [data, send];
    this.resized.observe(this.plot);
    this.choices(this.sorts, data.words.sort, Object.keys(SORTS), "sort");
    this.choices(this.measures, data.words.plot, Object.keys(MEASURES), "measure");
    const kept = new Map();
    data.students.forEach((student, number) => {
      const card = this.cards.get(student.id) ?? new Card(() => this.highlight(student.id));
      card.update(student, hue(number), data, send);
      kept.set(student.id, card);
    });
    for (const [id, card] of this.cards) if (!kept.has(id)) card.root.remove();
    this.cards = kept;
    this.grid.classList.toggle("many", kept.size > MANY);
    if (!kept.has(this.lit)) this.lit = undefined;
    this.arrange();
  }

  /** Buttons of which one is pressed. */
  choices(place, label, names, chosen) {
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", label);
    if (!place.childElementCount) {
      place.append(made("span"), ...names.map((name) => button(() => this.choose(chosen, name))));
    }
    const [title, ...buttons] = place.children;
    title.textContent = label;
    buttons.forEach((each, i) => {
      each.textContent = this.data.words[`${chosen}_${names[i]}`];
      each.setAttribute("aria-pressed", this[chosen] === names[i]);
    });
  }

  choose(what, name) {
    this[what] = name;
    this.update(this.data, this.send);
  }

  highlight(id) {
    this.lit = this.lit === id ? undefined : id;
    this.arrange();
  }

  /** Bring the cards into their order; those that are in their place stay, with the focus. */
  arrange() {
    const order = [...this.data.students].sort(SORTS[this.sort]);
    const focused = this.grid.getRootNode().activeElement;
    order.forEach(({ id }, place) => {
      const { root } = this.cards.get(id);
      if (this.grid.children[place] !== root) this.grid.insertBefore(root, this.grid.children[place] ?? null);
      this.cards.get(id).light(this.lit === id, this.lit !== undefined);
    });
    if (focused && this.grid.contains(focused)) focused.focus();
    this.soon();
  }

  soon() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    for (const card of this.cards.values()) card.draw();
    const { words, students } = this.data;
    const lines = students
      .map((student, number) => ({ ...student, colour: hue(number), points: points(student.run, this.measure) }))
      .filter((line) => line.points.length);
    const title = words[`measure_${this.measure}`];
    this.plot.setAttribute("aria-label", `${words.plot}: ${title}`);
    this.plot.hidden = !lines.length;
    if (lines.length) drawPlot(this.plot, lines, this.lit, this.measure === "loss", `${title} · ${words.epoch}`);
  }
}

/** One student: nickname, how the run stands, pictures, curve and figures. */
class Card {
  constructor(pressed) {
    this.root = made("div", "card");
    this.name = button(pressed);
    this.name.className = "name";
    this.star = made("span", "star");
    this.star.textContent = "★";
    const head = made("div", "head");
    head.append(this.star, this.name);
    this.state = made("span", "state");
    this.pictures = made("canvas", "pictures");
    this.curve = made("canvas", "curve");
    for (const canvas of [this.pictures, this.curve]) canvas.setAttribute("role", "img");
    this.figures = made("div", "figures");
    this.strong = made("b");
    this.rest = made("span");
    this.figures.append(this.strong, this.rest);
    const middle = made("div", "middle");
    middle.append(this.pictures, this.curve);
    this.hands = made("div", "acts");
    this.stop = button(() => this.send("stop", this.student.run.id));
    this.out = button(() => this.send("remove", this.student.id));
    this.open = made("a");
    this.open.target = "_blank";
    this.root.append(head, this.state, middle, this.figures, this.hands);
  }

  update(student, colour, data, send) {
    [this.student, this.colour, this.data, this.send] = [student, colour, data, send];
    const { words } = data;
    const { run } = student;
    this.name.textContent = student.name;
    this.star.hidden = !student.leads;
    this.star.setAttribute("aria-label", words.leads);
    this.star.setAttribute("role", "img");
    this.name.title = student.name;
    this.root.style.setProperty("--own", colour);
    this.root.classList.toggle("mine", student.id === data.mine);
    this.root.classList.toggle("live", Boolean(run?.live));
    this.state.textContent = stateOf(run, words);
    this.strong.textContent = run?.psnr == null ? "–" : `${run.psnr.toFixed(1)} dB`;
    this.strong.title = run?.heldOut ? words.held_out : words.in_training;
    this.rest.textContent = run
      ? `${words.numbers.replace("#", run.numbers)} · ${words.loss} ${figure(run.loss)}`
      : words.no_run;
    this.pictures.setAttribute("aria-label", `${student.name}: ${words.pictures}`);
    this.curve.setAttribute("aria-label", `${student.name}: ${words.curve}`);
    this.pictures.hidden = !run?.pictures.count;
    if (!data.teacher) return;
    this.stop.textContent = words.stop;
    this.out.textContent = words.remove;
    this.open.textContent = words.open;
    if (run) this.open.href = `train?run=${encodeURIComponent(run.id)}&view=Watch`;
  }

  light(lit, others) {
    this.root.classList.toggle("lit", lit);
    this.root.classList.toggle("dim", others && !lit);
    this.name.setAttribute("aria-pressed", lit);
    const { run } = this.student;
    const wanted = !this.data.teacher
      ? []
      : [run?.live && this.stop, lit && run && this.open, lit && this.out].filter(Boolean);
    const same = wanted.length === this.hands.childElementCount && wanted.every((hand, i) => this.hands.children[i] === hand);
    if (!same) this.hands.replaceChildren(...wanted);
  }

  draw() {
    const { run } = this.student;
    if (run?.pictures.count) drawPairs(this.pictures, run.pictures, this.data.pixels);
    const [context, width, height] = sized(this.curve);
    const line = points(run, "psnr");
    if (line.length < 2) return;
    const low = Math.min(...line.map(([, y]) => y));
    const high = Math.max(...line.map(([, y]) => y));
    context.strokeStyle = this.colour;
    context.lineWidth = 2;
    context.beginPath();
    for (const [epoch, value] of line) {
      const x = 2 + ((epoch - 1) / Math.max(1, run.epochs - 1)) * (width - 4);
      context.lineTo(x, height - 3 - ((value - low) / (high - low || 1)) * (height - 6));
    }
    context.stroke();
  }
}

function stateOf(run, words) {
  if (!run) return "";
  if (run.status === "queued") return words.waiting.replace("#", run.place);
  return run.live || run.status === "stopped" ? `${words[run.status]} ${run.epoch}/${run.epochs}` : words[run.status];
}

const negative = (value) => (value == null ? value : -value);

function descending(a, b) {
  if (a == null || b == null) return (a == null) - (b == null);
  return b - a;
}

const made = (name, className = "") => Object.assign(document.createElement(name), { className });

function button(onclick) {
  return Object.assign(document.createElement("button"), { type: "button", onclick });
}
