// A student's device follows the class: one large button to where it is, its question, its answer.

import { ClassPoll } from "../widgets/class_poll.js";
import { element, filled, find, viewOf, wordsOf } from "../widgets/dom.js";
import { answerTo, drawBars, inWords, written } from "../widgets/guess_bars.js";

/** @import { Call, Pairs, Words } from "../widgets/types.js" */
/** @import { Now, Question } from "../widgets/class_poll.js" */
/**
 * @typedef {object} Data
 * @property {string} ticket
 * @property {Pairs} words
 * @property {[name: string, text: string, choices: string[]][]} questions of the lessons, in the page's language
 * @property {Pairs} pages the names of the pages
 * @property {Pairs} lessons the titles of the lessons
 */
/** @typedef {Call<Data>["setTriggerValue"]} Send */

const KEPT = "class-went"; // the last number to which this tab went, by sessionStorage
const RACED = "class-raced"; // the last challenge that this tab has looked at

/** @param {Call<Data>} call */
export default function ({ data, parentElement, setTriggerValue }) {
  const view = viewOf(find(parentElement, ".follow", HTMLElement), (root) => new Follow(root));
  view.update(data, setTriggerValue);
  return () => view.close();
}

class Follow {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {Send} */
    this.send = () => {};
    /** @type {Words} */
    this.words = {};
    /** @type {Data | undefined} */
    this.data = undefined;
    /** @type {ClassPoll | undefined} */
    this.poll = undefined;
    this.paused = element("p", { className: "paused", hidden: true, role: "status" });
    this.go = element("button", { type: "button", className: "go", hidden: true, onclick: () => this.went() });
    this.race = element("button", { type: "button", className: "go", hidden: true, onclick: () => this.raced() });
    this.card = element("details", { className: "card", hidden: true, open: true });
    this.title = element("summary");
    this.answers = element("div", { className: "answers" });
    this.said = element("p", { className: "said", role: "status" });
    this.bars = element("div", { className: "bars" });
    this.card.append(this.title, this.answers, this.said, this.bars);
    this.card.ontoggle = () => this.stay();
    root.append(this.paused, this.go, this.race, this.card);
    /** @type {Now | undefined} */
    this.now = undefined;
    this.asked = ""; // the question whose answers are there
  }

  close() {
    this.poll?.close();
    this.poll = undefined;
  }

  /** @param {Data} data @param {Send} send */
  update(data, send) {
    this.send = send;
    if (this.poll && this.data?.ticket === data.ticket) return;
    this.close();
    this.data = data;
    this.words = wordsOf(data.words);
    this.root.ariaLabel = this.words.region;
    this.paused.textContent = this.words.paused;
    this.poll = new ClassPoll(data.ticket, (now) => this.show(now), () => this.send("gone", 1));
  }

  /** Go where the class is. */
  went() {
    if (!this.now) return;
    sessionStorage.setItem(KEPT, `${this.data?.ticket} ${this.now.number}`);
    this.send("go", this.now.number);
  }

  /** Go to the class's page, where one takes part in the challenge. */
  raced() {
    this.send("race", 1);
  }

  /** Offer a new challenge, once; on the class's page it stands there. @param {Now} now */
  showRace({ challenge }) {
    const key = challenge && `${this.data?.ticket} ${challenge[0]}`;
    if (key && pageOf(location) === "classroom") sessionStorage.setItem(RACED, key);
    this.race.hidden = !key || sessionStorage.getItem(RACED) === key;
    if (challenge) this.race.textContent = filled(this.words.race, "numbers", String(challenge[1]));
  }

  /** @param {Now} now */
  show(now) {
    this.now = now;
    this.showRace(now);
    this.paused.hidden = !now.paused;
    const there = !now.page || isThere(now);
    const key = `${this.data?.ticket} ${now.number}`;
    if (there) sessionStorage.setItem(KEPT, key);
    const new_ = sessionStorage.getItem(KEPT) !== key;
    if (now.taken && new_ && !there) return this.went();
    this.go.hidden = there;
    this.go.classList.toggle("again", !new_);
    const words = filled(new_ ? this.words.go : this.words.back, "place", this.place(now));
    if (this.go.textContent !== words) this.go.textContent = words;
    this.question(now.question && this.translated(now.question));
    this.stay();
  }

  /** Stay in sight, wherever the page is scrolled to, while the class waits for something. */
  stay() {
    const shadow = this.root.getRootNode();
    const place = shadow instanceof ShadowRoot ? shadow.host.closest(".st-key-class-follow") : null;
    const asks = !this.card.hidden && this.card.open && !this.answers.hidden; // what is answered covers nothing
    const goes = !this.go.hidden && !this.go.classList.contains("again");
    place?.classList.toggle("stays", asks || goes || !this.race.hidden);
  }

  /** @param {Now} now */
  place({ page, query }) {
    const title = wordsOf(this.data?.lessons ?? [])[query.lesson];
    if (page !== "lessons" || !title) return wordsOf(this.data?.pages ?? [])[page] ?? page;
    return filled(filled(this.words.step, "lesson", title), "step", query.step ?? "1");
  }

  /** A lesson's question in the language of the page, whichever the teacher asked it in. @param {Question} question */
  translated(question) {
    const own = this.data?.questions.find(([name]) => name === question.name);
    return own && own[2].length === question.choices.length ? { ...question, text: own[1], choices: own[2] } : question;
  }

  /** @param {Question | null} question */
  question(question) {
    // The page itself asks what belongs to its step, before the experiment.
    const own = question !== null && question.mine == null && !question.revealed && asksItself(question);
    this.card.hidden = question === null || own;
    if (question === null || own) return;
    const asked = `${question.name} ${question.round}`;
    if (asked !== this.asked) {
      this.asked = asked;
      this.card.open = question.mine == null; // whoever has guessed on the lesson's page has seen it
      this.title.textContent = question.unit ? `${question.text} (${question.unit})` : question.text;
      this.answers.replaceChildren(...this.answersTo(question));
      this.said.textContent = "";
    }
    if (question.revealed && !this.answers.hidden) this.card.open = true;
    this.answers.hidden = question.revealed;
    this.bars.hidden = !question.revealed;
    for (const button of this.answers.querySelectorAll("button[value]")) {
      button.ariaPressed = String(question.mine !== null && Number(button.getAttribute("value")) === question.mine);
    }
    if (question.revealed) drawBars(this.bars, question, this.words.before);
    this.say(this.outcome(question));
  }

  /** @param {Question} question */
  outcome(question) {
    const said = question.mine == null ? "" : filled(this.words.said, "guess", inWords(question, question.mine));
    if (!question.revealed) return said && `${said} ${filled(this.words.waiting, "count", question.guessed)}`;
    return `${answerTo(question, this.words)} ${said}`.trim();
  }

  /** @param {string} sentence */
  say(sentence) {
    if (this.said.textContent !== sentence) this.said.textContent = sentence; // a screen reader reads it
  }

  /** @param {Question} question @returns {HTMLElement[]} */
  answersTo(question) {
    if (question.choices.length) {
      return question.choices.map((choice, place) => {
        const onclick = () => this.guess(question, place + 1);
        return element("button", { type: "button", textContent: choice, value: String(place + 1), onclick });
      });
    }
    const form = element("form");
    const bounded = question.step > 0;
    const start = question.mine ?? (question.low + question.high) / 2;
    const input = bounded
      ? element("input", {
          type: "range",
          min: String(question.low),
          max: String(question.high),
          step: String(question.step),
          value: String(start),
        })
      : element("input", { type: "text", inputMode: "decimal", maxLength: 20, value: String(question.mine ?? "") });
    input.ariaLabel = question.text;
    const shown = element("output", { hidden: !bounded, textContent: written(Number(input.value)) });
    input.oninput = () => (shown.textContent = written(Number(input.value)));
    const button = element("button", { type: "submit", textContent: this.words.send });
    form.append(input, shown, button);
    form.onsubmit = (event) => {
      event.preventDefault();
      const value = Number(input.value.trim().replace(",", "."));
      if (input.value.trim() === "" || !Number.isFinite(value)) return this.say(this.words.number);
      this.guess(question, value);
    };
    return [form];
  }

  /** @param {Question} question @param {number} value */
  async guess(question, value) {
    const problem = await this.poll?.guess(question, value, this.words.failed);
    if (problem) this.say(problem);
  }
}

/** @param {Location} location */
const pageOf = ({ pathname }) => pathname.split("/").filter(Boolean).pop() ?? "";

/** @param {Now} now */
function isThere({ page, query }) {
  const here = new URLSearchParams(location.search);
  return pageOf(location) === page && Object.entries(query).every(([key, value]) => here.get(key) === value);
}

/** Whether this page is the lesson's step of a question, not answered yet. @param {Question} question */
function asksItself({ name }) {
  const here = new URLSearchParams(location.search);
  const step = Number(here.get("step") ?? "1");
  const guesses = (here.get("guess") ?? "").split(";");
  return name === `${here.get("lesson")}/${step}` && !guesses[step - 1];
}
