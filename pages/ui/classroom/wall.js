// The wall of a class: a card per student and all curves in one plot. Sorting, highlighting and the
// plot's measure stay in the browser; the server only receives a teacher's actions.
// Everything that a student typed is set as text, never as markup.

import { Redraw } from "../widgets/canvas.js";
import { element, find, viewOf } from "../widgets/dom.js";
import { Card, decibels } from "./card.js";
import { drawPairs, drawPlot, FEWEST_IN_A_BAND, hue, points, sizesIn } from "./plot.js";

/** @import { Call } from "../widgets/types.js" */
/** @import { Data, Send, Student } from "./card.js" */
/** @import { Line, Measure } from "./plot.js" */
/** @typedef {"sort" | "measure"} Choice */

/** @type {Record<string, (a: Student, b: Student) => number>} */
const SORTS = {
  name: (a, b) => a.name.localeCompare(b.name),
  psnr: (a, b) => descending(a.run?.psnr, b.run?.psnr),
  loss: (a, b) => descending(negative(a.run?.loss), negative(b.run?.loss)),
  newest: (a, b) => descending(a.run?.begun, b.run?.begun),
  numbers: (a, b) => descending(negative(a.run?.numbers), negative(b.run?.numbers)),
};
/** @type {Measure[]} */
const MEASURES = ["psnr", "loss", "sizes"];
const MANY = 24; // students; with more, their cards are small
const PAGE_SECONDS = 8; // for which a projector shows as many cards as fit

/** @param {Call<Uint8Array>} call */
export default function ({ data, parentElement, setTriggerValue }) {
  const wall = unpacked(data);
  const view = viewOf(find(parentElement, ".wall", HTMLElement), (root) => new Wall(root, wall));
  view.update(wall, setTriggerValue);
  return () => view.close();
}

/** Unpack the bytes of `ae_core.classroom.run_card.pack`. @param {Uint8Array} bytes @returns {Data} */
function unpacked(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 4 + view.getUint32(0, true);
  const about = JSON.parse(new TextDecoder().decode(bytes.subarray(4, end)));
  return { ...about, pixels: bytes.subarray(end) };
}

class Wall extends Redraw {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    super(() => this.show());
    this.data = data;
    /** @type {Send} */
    this.send = () => {};
    this.sorts = element("div", { className: "controls", role: "group" });
    this.measures = element("div", { className: "controls", role: "group" });
    this.plot = element("canvas", { className: "plot", role: "img" });
    this.sizes = element("canvas", { className: "plot", role: "img", hidden: true }); // for a projector
    const plots = element("div", { className: "plots" });
    plots.append(this.plot, this.sizes);
    this.podium = element("div", { className: "podium" });
    this.grid = element("div", { className: "cards" });
    const toolbar = element("div", { className: "toolbar" });
    toolbar.append(this.sorts, this.measures);
    root.append(toolbar, plots, this.podium, this.grid);
    this.root = root;
    root.classList.toggle("projector", data.view === "projector");
    toolbar.hidden = data.view === "projector";
    this.turning = data.view === "projector" ? setInterval(() => this.turn(), 1000 * PAGE_SECONDS) : 0;
    /** @type {Map<string, Card>} */
    this.cards = new Map();
    this.sort = data.view === "projector" ? "psnr" : "name";
    /** @type {Measure} */
    this.measure = "psnr";
    /** @type {string | undefined} */
    this.lit = undefined;
    this.resized = new ResizeObserver(() => this.soon());
    this.resized.observe(this.plot);
  }

  close() {
    this.resized.disconnect();
    clearInterval(this.turning);
    this.cancel();
  }

  /** @param {Data} data @param {Send} send */
  update(data, send) {
    [this.data, this.send] = [data, send];
    this.resized.observe(this.plot);
    this.choices(this.sorts, data.words.sort, Object.keys(SORTS), "sort");
    this.choices(this.measures, data.words.plot, MEASURES, "measure");
    /** @type {Map<string, Card>} */
    const kept = new Map();
    data.students.forEach((student, number) => {
      const card = this.cards.get(student.id) ?? new Card(student, data, () => this.highlight(student.id));
      card.update(student, hue(number), data, send);
      kept.set(student.id, card);
    });
    for (const [id, card] of this.cards) if (!kept.has(id)) card.root.remove();
    this.cards = kept;
    this.grid.classList.toggle("many", kept.size > MANY);
    if (this.lit && !kept.has(this.lit)) this.lit = undefined;
    this.arrange();
    this.showBest();
  }

  /** Show the best of the class with their pictures, for a projector. */
  showBest() {
    const { words, students, podium, pixels } = this.data;
    const numbers = new Map(students.map((student, number) => [student.id, number]));
    this.podium.ariaLabel = words.best;
    this.podium.role = "group";
    this.podium.replaceChildren(
      ...podium.map(({ rank, id, psnr, numbers: size_, pictures }) => {
        const number = numbers.get(id) ?? 0;
        const { name } = students[number];
        const place = element("div", { className: "place" });
        place.style.setProperty("--own", hue(number));
        const canvas = element("canvas", { className: "pictures", role: "img" });
        canvas.ariaLabel = `${name}: ${words.pictures}`;
        if (pictures.count) drawPairs(canvas, pictures, pixels);
        const title = element("span", { className: "name", textContent: `${rank}. ${name}` });
        const figures = element("span", { className: "merit" });
        const size = element("span", { className: "size", textContent: words.numbers.replace("#", String(size_)) });
        figures.append(element("b", { textContent: decibels(psnr) }), size);
        place.append(title, figures, canvas);
        return place;
      }),
    );
    this.root.classList.toggle("differ", new Set(students.flatMap(({ run }) => run?.numbers ?? [])).size > 1);
  }

  /** Show the next cards, if not all of them fit. */
  turn() {
    const { grid } = this;
    const last = grid.scrollTop + grid.clientHeight >= grid.scrollHeight - 4;
    grid.scrollTop = last ? 0 : grid.scrollTop + grid.clientHeight;
  }

  /**
   * Show a group of buttons, one of them pressed.
   *
   * @param {HTMLElement} place
   * @param {string} label
   * @param {string[]} names
   * @param {Choice} chosen
   */
  choices(place, label, names, chosen) {
    place.ariaLabel = label;
    if (!place.childElementCount) {
      const buttons = names.map((name) =>
        element("button", { type: "button", onclick: () => this.choose(chosen, name) }),
      );
      place.append(element("span"), ...buttons);
    }
    const [title, ...buttons] = place.children;
    title.textContent = label;
    buttons.forEach((each, i) => {
      each.textContent = this.data.words[`${chosen}_${names[i]}`];
      each.ariaPressed = String(this[chosen] === names[i]);
    });
  }

  /** @param {Choice} what @param {string} name */
  choose(what, name) {
    if (what === "sort") this.sort = name;
    else this.measure = /** @type {Measure} */ (name);
    this.update(this.data, this.send);
  }

  /** @param {string} id */
  highlight(id) {
    this.lit = this.lit === id ? undefined : id;
    this.arrange();
  }

  /** Sort the cards; those already in place are not moved and keep the focus. */
  arrange() {
    const order = [...this.data.students].sort(SORTS[this.sort]);
    const focused = /** @type {ShadowRoot} */ (this.grid.getRootNode()).activeElement;
    for (const [place, { id }] of order.entries()) {
      const card = this.cards.get(id);
      if (!card) continue;
      const there = this.grid.children[place];
      if (there !== card.root) this.grid.insertBefore(card.root, there ?? null);
      card.light(this.lit === id, this.lit !== undefined);
    }
    if (focused instanceof HTMLElement && this.grid.contains(focused)) focused.focus();
    this.soon();
  }

  show() {
    for (const card of this.cards.values()) card.draw();
    // What stands above the wall takes from its height.
    this.root.style.setProperty("--above", `${Math.round(this.root.getBoundingClientRect().top + scrollY)}px`);
    this.root.classList.toggle("idle", !this.plotted(this.plot, this.measure));
    const both = this.data.view === "projector" && sizesIn(this.lines("sizes")).length > 1;
    this.root.classList.toggle("both", both);
    this.sizes.hidden = !both;
    if (both) this.plotted(this.sizes, "sizes");
  }

  /**
   * Draw a measure of all students; return whether there is anything to draw.
   *
   * @param {HTMLCanvasElement} canvas
   * @param {Measure} measure
   */
  plotted(canvas, measure) {
    const { words } = this.data;
    const lines = this.lines(measure);
    const title = words[`measure_${measure}`];
    const band = lines.length >= FEWEST_IN_A_BAND ? [words.band] : [];
    canvas.ariaLabel = `${words.plot}: ${title}`;
    canvas.hidden = !lines.length;
    if (lines.length) drawPlot(canvas, lines, this.lit, measure, measure === "sizes" ? [title, words.mean] : [title, words.epoch, ...band]);
    return lines.length > 0;
  }

  /** @param {Measure} measure @returns {Line[]} */
  lines(measure) {
    return this.data.students
      .map((student, number) => ({
        ...student,
        colour: hue(number),
        points: measure === "sizes" ? student.sizes : points(student.run, measure),
      }))
      .filter((line) => line.points.length);
  }
}

/** @param {number | null | undefined} value */
const negative = (value) => (value == null ? value : -value);

/** Compare two values, missing ones last. @param {number | null | undefined} a @param {number | null | undefined} b */
function descending(a, b) {
  if (a == null || b == null) return Number(a == null) - Number(b == null);
  return b - a;
}
