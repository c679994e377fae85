"""The app: Streamlit runs this file as the Home page, and the web server imports it for `app`."""

from pathlib import Path

import streamlit as st

# Not at the top: the server has no runtime yet when it imports this file, and Streamlit's caches,
# made then, would warn that they find none.
if __name__ == "__main__":
    from pages.ui.pictures.home import home
    from pages.ui.shell.frame import page_frame

    page_frame("Home", home, by_itself=False, heading=False)
else:
    from pages.ui.shell.asgi import MIDDLEWARE, routes
    from pages.ui.shell.lifespan import lifespan
    from pages.ui.shell.protection import server_error

    app = st.App(
        __file__,
        lifespan=lifespan,
        routes=routes(Path(__file__).parent / "pages"),
        middleware=MIDDLEWARE,
        exception_handlers={Exception: server_error},
    )
