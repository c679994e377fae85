// How a code on Home moves by itself: every slider along its own sine, or all of it to another code.

import { clamp } from "../widgets/dom.js";

/** @typedef {{ values: number[], rest: number[] }} Parts of a code: the sliders' values, and the rest */

const PERIODS = [13, 19, 16, 22, 25]; // seconds, a slider each: no face comes twice
const CALM = 0.8; // how far a slider goes by itself: codes with all attributes at their ends are rare
const LONGEST = 0.25; // seconds between two pictures: after a longer gap it goes on from where it was
const GLIDE = 700; // ms from one code to another

/** Moves values along sines, each from where it is. */
export class Swing {
  /** @param {number[]} values @param {number} now in ms */
  constructor(values, now) {
    this.reaches = values.map((value) => Math.max(CALM, Math.abs(value)));
    this.phases = values.map((value, i) => Math.asin(value / this.reaches[i]));
    this.last = now;
  }

  /** Return the values at a later time. @param {number} now in ms */
  at(now) {
    const passed = (now - this.last) / 1000;
    this.last = now;
    if (passed < LONGEST)
      this.phases = this.phases.map((phase, i) => phase + (2 * Math.PI * passed) / PERIODS[i % PERIODS.length]);
    return this.phases.map((phase, i) => this.reaches[i] * Math.sin(phase));
  }
}

/** Moves a code straight to another one. */
export class Glide {
  /** @param {Parts} from @param {Parts} to @param {number} now in ms */
  constructor(from, to, now) {
    this.from = { values: [...from.values], rest: [...from.rest] };
    this.to = to;
    this.since = now;
  }

  /** Return the code at a later time, and whether it has arrived. @param {number} now in ms */
  at(now) {
    const share = clamp((now - this.since) / GLIDE, 0, 1);
    /** @param {number[]} from @param {number[]} to */
    const mixed = (from, to) => from.map((value, i) => value + share * (to[i] - value));
    const { from, to } = this;
    return { values: mixed(from.values, to.values), rest: mixed(from.rest, to.rest), arrived: share === 1 };
  }
}
