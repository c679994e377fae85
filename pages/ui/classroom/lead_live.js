// What a class guesses and where it is, for its teacher and its projector. It fills without a rerun.
// Everything that somebody typed is set as text, never as markup.

import { ClassPoll } from "../widgets/class_poll.js";
import { element, filled, find, viewOf, wordsOf } from "../widgets/dom.js";
import { answerTo, drawBars, inWords } from "../widgets/guess_bars.js";

/** @import { Call, Pairs, Words } from "../widgets/types.js" */
/** @import { Now, Question } from "../widgets/class_poll.js" */
/**
 * @typedef {object} Data
 * @property {string} ticket
 * @property {boolean} teacher
 * @property {number} number the number of the lead that the page shows
 * @property {Pairs} words
 * @property {Pairs} pages the names of the pages
 * @property {Pairs} lessons the titles of lessons and of their steps
 */
/** @typedef {Call<Data>["setTriggerValue"]} Send */

/** @param {Call<Data>} call */
export default function ({ data, parentElement, setTriggerValue }) {
  const view = viewOf(find(parentElement, ".lead", HTMLElement), (root) => new Lead(root));
  view.update(data, setTriggerValue);
  return () => view.close();
}

class Lead {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {Send} */
    this.send = () => {};
    /** @type {Words} */
    this.words = {};
    /** @type {Record<string, string>} */
    this.titles = {};
    /** @type {Record<string, string>} */
    this.pages = {};
    this.number = 0;
    this.ticket = "";
    /** @type {ClassPoll | undefined} */
    this.poll = undefined;
    this.here = element("p", { className: "here", hidden: true });
    this.question = element("div", { className: "question", hidden: true });
    this.asked = element("h2");
    this.guessed = element("p", { className: "guessed" });
    this.bars = element("div", { className: "bars" });
    this.truth = element("p", { className: "truth", hidden: true });
    this.who = element("dl", { className: "who", hidden: true });
    this.question.append(this.asked, this.guessed, this.bars, this.truth, this.who);
    this.where = element("div", { className: "where", hidden: true });
    this.whereTitle = element("h3");
    this.places = element("div", { className: "bars" });
    this.where.append(this.whereTitle, this.places);
    root.append(this.here, this.question, this.where);
  }

  close() {
    this.poll?.close();
    this.poll = undefined;
  }

  /** @param {Data} data @param {Send} send */
  update(data, send) {
    this.send = send;
    this.number = data.number;
    this.words = wordsOf(data.words);
    [this.titles, this.pages] = [wordsOf(data.lessons), wordsOf(data.pages)];
    this.root.ariaLabel = this.words.region;
    this.root.classList.toggle("teacher", data.teacher);
    this.whereTitle.textContent = this.words.where;
    if (this.poll && this.ticket === data.ticket) return;
    this.close();
    this.ticket = data.ticket;
    this.poll = new ClassPoll(data.ticket, (now) => this.show(now), () => this.send("changed", -1));
  }

  /** @param {Now} now */
  show(now) {
    if (now.number !== this.number) {
      this.number = now.number;
      this.send("changed", now.number); // another tab of the teacher's: the page has other buttons now
    }
    this.here.hidden = !now.page;
    this.here.textContent = filled(this.words.here, "place", this.place(now));
    this.question.hidden = !now.question;
    if (now.question) this.showQuestion(now.question, now.students);
    if (now.places) this.showPlaces(now, now.places);
  }

  /** @param {Now} now */
  place({ page, query }) {
    const title = this.titles[query.lesson];
    if (page !== "lessons" || !title) return this.pages[page] ?? page;
    return filled(filled(this.words.step, "lesson", title), "step", query.step ?? "1");
  }

  /** @param {Question} question @param {number} students */
  showQuestion(question, students) {
    this.asked.textContent = question.unit ? `${question.text} (${question.unit})` : question.text;
    const again = question.round > 1 ? ` · ${filled(this.words.again, "round", question.round)}` : "";
    const guessed = filled(filled(this.words.guessed, "count", question.guessed), "students", students);
    this.guessed.textContent = guessed + again;
    drawBars(this.bars, question, this.words.before);
    const known = question.truth != null;
    const teacher = this.root.classList.contains("teacher"); // who reads it beside the buttons
    this.truth.classList.toggle("known", known);
    this.truth.textContent = question.revealed && (known || !teacher) ? answerTo(question, this.words) : "";
    this.truth.hidden = !this.truth.textContent;
    this.who.hidden = !question.names?.length;
    this.who.replaceChildren(...whoGuessed(question));
  }

  /** @param {Now} now @param {Record<string, number>} places */
  showPlaces(now, places) {
    const lesson = now.page === "lessons" ? now.query.lesson : undefined;
    const steps = Object.keys(this.titles).filter((name) => lesson && name.startsWith(`${lesson}/`));
    const others = Object.keys(places).filter((name) => !steps.includes(name));
    const shown = [...steps, ...others.sort((a, b) => places[b] - places[a])];
    const most = Math.max(1, ...Object.values(places));
    this.where.hidden = !Object.keys(places).length;
    this.places.replaceChildren(...shown.map((name) => this.placeRow(name, lesson, places[name] ?? 0, most)));
  }

  /** @param {string} name @param {string | undefined} lesson @param {number} count @param {number} most */
  placeRow(name, lesson, count, most) {
    const [where, step] = name.split("/");
    const title = this.titles[name];
    let words = this.pages[name] ?? (name || this.words.home);
    if (title) words = where === lesson ? `${step}. ${title}` : `${this.titles[where]}: ${step}. ${title}`;
    const row = element("div", { className: "row" });
    const room = element("span", { className: "room" });
    const bar = element("i", { className: "bar" });
    bar.style.setProperty("--share", `${(100 * count) / most}%`);
    room.append(bar);
    row.append(element("span", { className: "label", textContent: words }), room, element("b", { textContent: String(count) }));
    return row;
  }
}

/** Names by answer, in the order of the answers. @param {Question} question @returns {HTMLElement[]} */
function whoGuessed(question) {
  /** @type {Map<number, string[]>} */
  const by = new Map();
  for (const [name, value] of question.names ?? []) by.set(value, [...(by.get(value) ?? []), name]);
  return [...by].sort(([a], [b]) => a - b).flatMap(([value, names]) => [
    element("dt", { textContent: inWords(question, value) }),
    element("dd", { textContent: names.sort((a, b) => a.localeCompare(b)).join(", ") }),
  ]);
}
