// The score of "match the target": the share of the way, its stars, and a celebration of each new one.

import { element, filled } from "../widgets/dom.js";

/** @import { Words } from "../widgets/types.js" */
/**
 * @typedef {object} Game as `pages.ui.latent.sliders.Score` describes it
 * @property {number} start dB
 * @property {number} best dB
 * @property {number} reached dB
 * @property {number[]} stars shares of the way
 * @property {number} won the stars of the present image
 * @property {string} game the target
 * @property {number} moves 0 at the beginning of a game
 */

const PIECES = 28; // of confetti
const COLOURS = ["#f2711c", "#4f7cff", "#1fa774", "#e0447c", "#d6a419"];

export class Score {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    this.share = element("span", { className: "share" });
    this.stars = element("span", { className: "stars", role: "img" });
    this.won = element("span", { className: "won", role: "status" });
    place.append(this.share, this.stars, this.won);
    /** The most stars of this game: each is celebrated once. */
    this.known = 0;
    this.game = "";
  }

  /** Begin or go on with a game; undefined hides the score. @param {Game | undefined} game @param {Words} words */
  begin(game, words) {
    this.place.hidden = !game;
    if (!game) return;
    if (game.game !== this.game || game.moves === 0) this.known = 0;
    this.game = game.game;
    this.known = Math.max(this.known, game.won);
    this.won.textContent = this.known ? words[`won_${this.known}`] : "";
  }

  /**
   * Show how far the image has come.
   *
   * @param {Game} game
   * @param {number} psnr dB; NaN if the browser does not know
   * @param {Words} words
   */
  show(game, psnr, words) {
    const reached = isNaN(psnr) ? game.reached : psnr;
    const share = Math.min(Math.max((reached - game.start) / (game.best - game.start), 0), 1);
    const present = game.stars.filter((least) => share >= least).length;
    const stars = Math.max(present, this.known); // what is won stays, like the sentence about it
    this.share.textContent = filled(words.match, "share", Math.floor(100 * share));
    this.stars.textContent = "★".repeat(stars) + "☆".repeat(game.stars.length - stars);
    this.stars.ariaLabel = filled(words.stars, "count", stars);
    if (stars <= this.known) return;
    this.known = stars;
    this.won.textContent = words[`won_${stars}`];
    this.celebrate();
  }

  /** Let confetti fall over the images; nothing moves for visitors who want no motion. */
  celebrate() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (let piece = 0; piece < PIECES; piece++) {
      const paper = element("i", { className: "confetti", onanimationend: () => paper.remove() });
      paper.style.setProperty("--left", `${Math.round(100 * Math.random())}%`);
      paper.style.setProperty("--turn", `${Math.round(720 * Math.random())}deg`);
      paper.style.setProperty("--wait", `${Math.round(400 * Math.random())}ms`);
      paper.style.background = COLOURS[piece % COLOURS.length];
      this.place.append(paper);
    }
  }
}
