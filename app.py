"""The app: Streamlit runs this file as the Home page, and the web server imports it for `app`."""

from pathlib import Path

import streamlit as st

if __name__ == "__main__":
    from pages.ui.backend.timing import timed
    from pages.ui.shell.home import home

    timed("home", home)
else:
    from pages.ui.shell.asgi import routes
    from pages.ui.shell.lifespan import lifespan

    app = st.App(__file__, lifespan=lifespan, routes=routes(Path(__file__).parent / "pages"))
