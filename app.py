"""The app: Streamlit runs this file as the Home page, and the web server imports it for `app`."""

from pathlib import Path

import streamlit as st

if __name__ == "__main__":
    from pages.shared.home import home
    from pages.shared.timing import timed

    timed("home", home)
else:
    from pages.shared.web import lifespan, page_routes

    routes = page_routes(Path(__file__).parent / "pages")
    app = st.App(__file__, lifespan=lifespan, routes=routes)
