// Asks the server every second what a class does. While nobody sees the page, it asks rarely.

import { language } from "./language.js";

/**
 * @typedef {object} Question as `ae_core.classroom.relay.ClassState` describes it
 * @property {string} name
 * @property {string} text
 * @property {string[]} choices
 * @property {number} low
 * @property {number} high
 * @property {number} step
 * @property {string} unit
 * @property {number} round
 * @property {boolean} revealed
 * @property {number} guessed how many students have guessed in this round
 * @property {number | null} [mine] the student's own guess
 * @property {number | null} [truth] once it is revealed
 * @property {number[]} [edges] of a histogram's bins
 * @property {number[][]} [rounds] the counts of each round
 * @property {[name: string, value: number][]} [names] for the teacher
 *
 * @typedef {object} Now what the class does now
 * @property {number} number grows with everything that the teacher does
 * @property {boolean} paused
 * @property {[begun: number, numbers: number] | null} challenge
 * @property {string} page
 * @property {Record<string, string>} query
 * @property {boolean} taken
 * @property {number} students
 * @property {Question | null} question
 * @property {Record<string, number>} [places] for the teacher
 */

const EVERY_MS = 1000;
const HIDDEN_MS = 10_000;
const ANSWER_MS = 8000;
const GONE = 404;

export class ClassPoll {
  /**
   * @param {string} ticket
   * @param {(now: Now) => void} take called with every answer
   * @param {() => void} gone called if the class, or the student in it, is no more
   */
  constructor(ticket, take, gone) {
    this.ticket = ticket;
    this.take = take;
    this.gone = gone;
    this.timer = 0;
    this.missed = 0; // answers in a row that said so
    this.turn = 0; // of the newest question; answers to earlier ones come too late
    this.open = true;
    this.seen = () => document.hidden || this.ask();
    document.addEventListener("visibilitychange", this.seen);
    this.ask();
  }

  close() {
    this.open = false;
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.seen);
  }

  async ask() {
    clearTimeout(this.timer);
    const turn = ++this.turn;
    try {
      const answer = await fetched("now", this.ticket);
      if (!this.open || turn !== this.turn) return;
      // Twice: another server may not have seen yet who has just joined.
      this.missed = answer.status === GONE ? this.missed + 1 : 0;
      if (this.missed === 2) this.gone();
      if (answer.ok) this.take(await answer.json());
    } catch {
      // The server is away: the page says so, and the next question may reach it.
    }
    if (!this.open || turn !== this.turn) return;
    // Not all at once: a class that was sent somewhere would come in step for ever.
    this.timer = setTimeout(() => this.ask(), (document.hidden ? HIDDEN_MS : EVERY_MS) * (0.9 + 0.2 * Math.random()));
  }

  /**
   * Send a guess; return the sentence that says what is wrong, "" if nothing is.
   *
   * @param {Question} question
   * @param {number} value
   * @param {string} failed the sentence for a server that does not answer
   */
  async guess({ name, round }, value, failed) {
    try {
      const answer = await fetched(`guess?lang=${language()}`, this.ticket, JSON.stringify({ name, round, value }));
      if (answer.status === 409) return String((await answer.json()).problem);
      if (!answer.ok) return failed;
      this.turn++; // an answer that is on its way is older than this one
      this.take(await answer.json());
      this.ask();
      return "";
    } catch {
      return failed;
    }
  }
}

/** @param {string} what @param {string} ticket @param {string} [body] */
function fetched(what, ticket, body) {
  // Relative, as only the browser knows where a proxy has the app.
  const address = new URL(`./class/${what}`, document.baseURI);
  const [method, headers] = [body === undefined ? "GET" : "POST", { "X-Class-Ticket": ticket }];
  return fetch(address, { method, headers, body, signal: AbortSignal.timeout(ANSWER_MS) });
}
