// Tells Streamlit's page where its server is, before Streamlit's own scripts run. What the server
// believes its address to be is of no use: a proxy may have cut a prefix off the path, so the page
// cuts its own name off the path that the browser has.

const page = document.querySelector("script[data-page]")?.getAttribute("data-page") ?? "";
const base = location.pathname.replace(new RegExp(`/?${page}/?$`), "");
Object.assign(window, { __streamlit: { BACKEND_BASE_URL: location.origin + base } });
