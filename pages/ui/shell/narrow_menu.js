// Where the menu lies over the page: it closes when a page is chosen in it, and a tap beside it
// closes it and does nothing else. Streamlit closes it on such a tap, too, and what lay beneath is
// pressed; after the choice of a page it closes only a menu of its own.

const narrow = matchMedia("(max-width: 768px)"); // Streamlit's own bound
const MENU = "[data-testid=stSidebar]";
const CLOSE = `${MENU}[data-collapsed=false] [data-testid=stSidebarCollapseButton] button`;
const PAGE = `${MENU} [data-testid=stPageLink-NavLink]`;

/** Whether the finger or the mouse that is down has closed the menu and may do nothing else. */
let spent = false;

/** @param {PointerEvent} event */
function press(event) {
  spent = !within(event, MENU) && close();
  stop(event);
}

/** @param {Event} event */
function stop(event) {
  if (!spent) return;
  if (event.cancelable) event.preventDefault();
  event.stopImmediatePropagation();
}

/** A click by key or by script has no count. @param {MouseEvent} event */
function stopClick(event) {
  if (event.detail) stop(event);
}

/** Close the menu; return whether it was open over the page. */
function close() {
  const button = narrow.matches ? document.querySelector(CLOSE) : null;
  if (button instanceof HTMLElement) button.click();
  return button !== null;
}

/** @param {Event} event @param {string} selector */
function within({ target }, selector) {
  return target instanceof Element && target.closest(selector) !== null;
}

const first = { capture: true, passive: false };
addEventListener("pointerdown", press, first);
addEventListener("touchstart", stop, first); // it would become a click, scroll or move a slider
addEventListener("click", stopClick, first);
addEventListener("click", (event) => within(event, PAGE) && close()); // after Streamlit's own
