// The bars of a class's guesses. Everything that somebody typed is set as text, never as markup.

import { element, filled } from "./dom.js";
import { localized } from "./numbers.js";

/** @import { Question } from "./class_poll.js" */
/** @import { Words } from "./types.js" */

/** A number as people write it. @param {number} value */
export const written = (value) => localized(String(Number(value.toPrecision(6))));

/**
 * A guess or an answer in words; a lesson's number as exactly as its slider is set.
 *
 * @param {Question} question
 * @param {number} value
 */
export function inWords({ choices, step, unit }, value) {
  if (choices.length) return choices[value - 1] ?? "–";
  const whole = Number.isInteger(step) && Number.isInteger(value); // an answer of runs seldom is
  const shown = step > 0 ? localized(value.toFixed(whole ? 0 : 1)) : written(value);
  return `${shown} ${unit}`.trim();
}

/**
 * The sentence with the answer to a question that is revealed; of a lesson's, runs may have to give it first.
 *
 * @param {Question} question
 * @param {Words} words `truth`, with `truth` in it, and `no_truth`
 */
export function answerTo(question, words) {
  if (question.truth != null) return filled(words.truth, "truth", inWords(question, question.truth));
  return question.step > 0 ? words.no_truth : "";
}

/**
 * Draw the bars of the present round, and paler those of the round before.
 *
 * @param {HTMLElement} root
 * @param {Question} question
 * @param {string} before the words for the round before
 */
export function drawBars(root, question, before) {
  const rounds = question.rounds ?? [];
  const counts = rounds[rounds.length - 1] ?? [];
  const earlier = rounds.length > 1 ? rounds[rounds.length - 2] : undefined;
  const most = Math.max(1, ...counts, ...(earlier ?? []));
  root.classList.toggle("histogram", !question.choices.length);
  const rows = counts.map((count, place) => {
    const row = element("div", { className: "row" });
    const label = element("span", { className: "label", textContent: labelOf(question, place) });
    const room = element("span", { className: "room" });
    if (earlier) room.append(bar("bar earlier", earlier[place] ?? 0, most));
    room.append(bar("bar", count, most));
    row.append(label, room, element("b", { textContent: String(count) }));
    row.classList.toggle("right", isIn(question, place, question.truth));
    row.classList.toggle("mine", isIn(question, place, question.mine));
    row.title = earlier ? `${before}: ${earlier[place] ?? 0}` : "";
    return row;
  });
  root.replaceChildren(...rows);
}

/** @param {string} className @param {number} count @param {number} most */
function bar(className, count, most) {
  const drawn = element("i", { className });
  drawn.style.setProperty("--share", `${(100 * count) / most}%`);
  return drawn;
}

/**
 * What a bar stands for: a choice, or the numbers of a bin.
 *
 * @param {Question} question
 * @param {number} place
 */
function labelOf({ choices, edges = [], high, step }, place) {
  if (choices.length) return choices[place];
  const [low, end] = [edges[place], edges[place + 1]];
  const last = Number.isInteger(step) && step > 0 ? Math.min(end - 1, high) : end;
  return last > low ? `${written(low)}–${written(last)}` : written(low);
}

/** Whether a value is in a bar. @param {Question} question @param {number} place @param {number | null} [value] */
function isIn({ choices, edges = [] }, place, value) {
  if (value === null || value === undefined) return false;
  return choices.length ? value === place + 1 : edges[place] <= value && value < edges[place + 1];
}
