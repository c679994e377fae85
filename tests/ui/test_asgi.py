"""What the web server is told: where it is, and to answer at once."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from ae_core.storage import ROOT
from pages.ui.shell.asgi import lifespan, page_routes

PAGES = ROOT / "pages"


def in_a_loop(coroutine):
    """What a coroutine returns; in a thread, as a browser of other tests has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def test_every_page_has_a_route():
    paths = {route.path for route in page_routes(PAGES)}
    assert paths == {"/", *(f"/{path.stem}" for path in PAGES.glob("*.py"))}


def test_a_page_is_told_where_its_server_is():
    route = page_routes(PAGES)[0]
    answer = in_a_loop(route.endpoint(None))
    before, after = answer.body.decode().split("<script>window.__streamlit", 1)
    assert before.rstrip().endswith("<head>")  # before any script of Streamlit's
    assert '<div id="root"></div>' in after


def test_connections_send_small_answers_at_once():
    with socket.socket() as listener:  # as Streamlit makes it
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        async def served() -> None:
            async with lifespan(None):
                pass

        in_a_loop(served())
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
