// A student's card on a wall: nickname, the run's status, images, curve and figures.

import { sized } from "../widgets/canvas.js";
import { element } from "../widgets/dom.js";
import { localized } from "../widgets/numbers.js";
import { drawPairs, figure, points } from "./plot.js";

/** @import { Point, Words } from "../widgets/types.js" */
/** @import { Pairs, Run } from "./plot.js" */
/**
 * @typedef {{ rank: number, id: string, psnr: number, numbers: number, pictures: Pairs }} Standing
 *
 * @typedef {object} Student
 * @property {string} id
 * @property {string} name
 * @property {number} runs
 * @property {boolean} leads
 * @property {Point[]} sizes code sizes, each with the PSNR of the best run
 * @property {Run} [run]
 *
 * @typedef {object} Data as `ae_core.classroom.run_card.pack` packs it
 * @property {Words} words
 * @property {string} mine the id of the student who views the wall
 * @property {"student" | "teacher" | "projector"} view who views the wall
 * @property {Student[]} students
 * @property {Standing[]} podium the best, for a projector
 * @property {Uint8Array} pixels the pixels of all images
 *
 * @typedef {(act: string, id: string | undefined) => void} Send
 */

export class Card {
  /** @param {Student} student @param {Data} data @param {() => void} pressed */
  constructor(student, data, pressed) {
    this.student = student;
    this.data = data;
    this.colour = "";
    /** @type {Send} */
    this.send = () => {};
    this.root = element("div", { className: "card" });
    this.name = element("button", { type: "button", className: "name", onclick: pressed });
    this.star = element("span", { className: "star", textContent: "★", role: "img" });
    const head = element("div", { className: "head" });
    head.append(this.star, this.name);
    this.state = element("span", { className: "state" });
    this.pictures = element("canvas", { className: "pictures", role: "img" });
    this.curve = element("canvas", { className: "curve", role: "img" });
    this.figures = element("div", { className: "figures" });
    this.strong = element("b");
    this.rest = element("span");
    this.figures.append(this.strong, this.rest);
    const middle = element("div", { className: "middle" });
    middle.append(this.pictures, this.curve);
    this.controls = element("div", { className: "acts" });
    const type = "button";
    this.stop = element("button", { type, onclick: () => this.send("stop", this.student.run?.id) });
    this.out = element("button", { type, onclick: () => this.send("remove", this.student.id) });
    this.open = element("a", { target: "_blank" });
    this.root.append(head, this.state, middle, this.figures, this.controls);
  }

  /** @param {Student} student @param {string} colour @param {Data} data @param {Send} send */
  update(student, colour, data, send) {
    [this.student, this.colour, this.data, this.send] = [student, colour, data, send];
    const { words } = data;
    const { run } = student;
    this.name.textContent = student.name;
    this.star.hidden = !student.leads;
    this.star.ariaLabel = words.leads;
    this.name.title = student.name;
    this.root.style.setProperty("--own", colour);
    this.root.classList.toggle("mine", student.id === data.mine);
    this.root.classList.toggle("live", Boolean(run?.live));
    this.root.style.setProperty("--done", run ? `${(100 * run.epoch) / run.epochs}%` : "0");
    this.state.textContent = stateOf(run, words);
    this.strong.textContent = decibels(run?.psnr);
    this.strong.title = run?.heldOut ? words.held_out : words.in_training;
    const loss = data.view === "projector" ? "" : ` · ${words.loss} ${figure(run?.loss ?? null)}`;
    this.rest.textContent = run ? words.numbers.replace("#", String(run.numbers)) + loss : words.no_run;
    this.pictures.ariaLabel = `${student.name}: ${words.pictures}`;
    this.curve.ariaLabel = `${student.name}: ${words.curve}`;
    this.pictures.hidden = !run?.pictures.count;
    if (data.view !== "teacher") return;
    this.stop.textContent = words.stop;
    this.out.textContent = words.remove;
    this.open.textContent = words.open;
    if (run?.id) this.open.href = `train?run=${encodeURIComponent(run.id)}&view=Watch`;
  }

  /** @param {boolean} lit this one is looked at @param {boolean} others one is */
  light(lit, others) {
    this.root.classList.toggle("lit", lit);
    this.root.classList.toggle("dim", others && !lit);
    this.name.ariaPressed = String(lit);
    const { run } = this.student;
    /** @type {HTMLElement[]} */
    const wanted = [];
    const teacher = this.data.view === "teacher";
    if (teacher && run?.live) wanted.push(this.stop);
    if (teacher && lit && run) wanted.push(this.open);
    if (teacher && lit) wanted.push(this.out);
    const there = this.controls.children;
    const same = wanted.length === there.length && wanted.every((hand, i) => there[i] === hand);
    if (!same) this.controls.replaceChildren(...wanted);
  }

  draw() {
    const { run } = this.student;
    if (run?.pictures.count) drawPairs(this.pictures, run.pictures, this.data.pixels);
    const [context, width, height] = sized(this.curve);
    const line = points(run, "psnr");
    if (!run || line.length < 2) return;
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

/** @param {number | null | undefined} psnr */
export const decibels = (psnr) => (psnr == null ? "–" : `${localized(psnr.toFixed(1))} dB`);

/** @param {Run | undefined} run @param {Words} words */
function stateOf(run, words) {
  if (!run) return "";
  if (run.status === "queued") return words.waiting.replace("#", String(run.place));
  return run.live || run.status === "stopped" ? `${words[run.status]} ${run.epoch}/${run.epochs}` : words[run.status];
}
