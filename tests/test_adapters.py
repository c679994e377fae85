"""What the adapters use of other packages is there; a sentence says what an upgrade took away."""

import inspect
import os
import re
import subprocess
import sys
from functools import reduce
from importlib import import_module
from pathlib import Path

import pytest

from ae_core.storage.files import ROOT
from ae_core.text.sentences import entries
from pages.ui import streamlit_adapter
from pages.ui.shell.asgi import WORDS
from pages.ui.shell.lifespan import COLLECT_AFTER, SWITCH_INTERVAL

STREAMLIT = "pages/ui/streamlit_adapter.py"
UVICORN = "pages/ui/shell/uvicorn_adapter.py"
DASK = "ae_core/workers/dask_adapter.py"
KERAS = "ae_core/training/keras_adapter.py"
CONCRETE = "tensorflow.python.eager.polymorphic_function.concrete_function"
PLOTLY = "pages/ui/widgets/chart.py"
CONTEXT = "streamlit.runtime.scriptrunner_utils.script_run_context"
HTTP = "uvicorn.protocols.http.auto"
CONNECTION = "pages/ui/shell/connection.js"
TOP = "pages/ui/shell/top.js"
MENU = "pages/ui/shell/narrow_menu.js"
COMPONENT = "pages/ui/widgets/component.py"

# Module, attribute, who uses it, what for.
ATTRIBUTES = (
    ("streamlit", "App", "app.py", "the server's own routes and start-up"),
    ("streamlit", "components.v2.component", COMPONENT, "components"),
    ("streamlit.net_util", "get_external_ip", STREAMLIT, "never asking the internet"),
    ("streamlit.proto.NewSession_pb2", "CustomThemeConfig", STREAMLIT, "a theme read once"),
    ("streamlit.runtime", "exists", STREAMLIT, "metrics"),
    ("streamlit.runtime", "get_instance", STREAMLIT, "metrics"),
    ("streamlit.runtime", "Runtime.stats_mgr", STREAMLIT, "metrics"),
    ("streamlit.runtime", "Runtime.uploaded_file_mgr", STREAMLIT, "a session's uploads"),
    ("streamlit.runtime.app_session", "_populate_theme_msg", STREAMLIT, "a theme read once"),
    ("streamlit.runtime.stats", "StatsManager.register_provider", STREAMLIT, "metrics"),
    ("streamlit.runtime.stats", "StatsProvider.get_stats", STREAMLIT, "metrics"),
    ("streamlit.runtime.stats", "StatsProvider.stats_families", STREAMLIT, "metrics"),
    ("streamlit.runtime.stats", "HistogramStat", STREAMLIT, "metrics"),
    ("streamlit.runtime.scriptrunner", "get_script_run_ctx", STREAMLIT, "the visitor's language"),
    (CONTEXT, "ScriptRunContext.reset", STREAMLIT, "addresses that browsers have not seen"),
    (
        "streamlit.runtime.app_session",
        "AppSession.request_rerun",
        STREAMLIT,
        "addresses that browsers have not seen",
    ),
    (
        "streamlit.runtime.state.query_params",
        "QueryParams._send_query_param_msg",
        STREAMLIT,
        "addresses that browsers have not seen",
    ),
    (CONTEXT, "FragmentThreadState.in_fragment_callback", STREAMLIT, "ticks that are no hand's"),
    (CONTEXT, "ThreadState.get", STREAMLIT, "ticks that are no hand's"),
    (CONTEXT, "ScriptRunContext.fragment_ids_this_run", STREAMLIT, "ticks that are no hand's"),
    ("starlette.formparsers", "MultiPartParser.spool_max_size", UVICORN, "uploads in memory"),
    (HTTP, "AutoHTTPProtocol.connection_made", UVICORN, "half-sent heads"),
    (HTTP, "AutoHTTPProtocol.data_received", UVICORN, "half-sent heads"),
    (
        "uvicorn.middleware.proxy_headers",
        "ProxyHeadersMiddleware.__call__",
        UVICORN,
        "who opened a connection",
    ),
    ("keras.optimizers", "Adam._get_variable_index", KERAS, "Adam in one pass"),
    ("keras.optimizers", "SGD._all_reduce_sum_gradients", KERAS, "trainings that leave nothing"),
    (CONCRETE, "ConcreteFunction.captured_inputs", KERAS, "graphs that equal trainings share"),
    (CONCRETE, "ConcreteFunction.set_external_captures", KERAS, "the same"),
    ("distributed", "Scheduler.log_event", DASK, "messages of runs"),
    ("distributed.batched", "BatchedSend.__init__", DASK, "no photos in logs of messages"),
    ("distributed.utils", "sync", DASK, "questions that have begun"),
    ("distributed.utils", "_forkserver_preload_set", DASK, "workers that are forked"),
    ("distributed.nanny", "get_mp_context", DASK, "a worker that is not forked"),
    ("distributed.process", "get_mp_context", DASK, "a worker that is not forked"),
    (
        "streamlit.proto.BackMsg_pb2",
        "BackMsg",
        "benchmarks/student.py",
        "a student without a browser",
    ),
    ("streamlit.proto.ForwardMsg_pb2", "ForwardMsg", "benchmarks/student.py", "the same"),
    ("plotly.basedatatypes", "BaseFigure", PLOTLY, "charts that Plotly does not check"),
)


@pytest.mark.parametrize(("module", "path", "where", "what"), ATTRIBUTES)
def test_an_attribute_is_there(module, path, where, what):
    try:
        reduce(getattr, path.split("."), import_module(module))
    except (ImportError, AttributeError) as error:
        pytest.fail(f"{where} needs {module}.{path} for {what}, and it is gone: {error}")


def needs(found: bool, thing: str, where: str, what: str) -> None:
    assert found, f"{where} needs {thing} for {what}, and it is gone."


def test_streamlits_run_context_knows_address_browser_and_uploads():
    from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
    from streamlit.runtime.scriptrunner import ScriptRunContext

    fields = inspect.signature(ScriptRunContext).parameters
    for name in ("query_string", "context_info", "uploaded_file_mgr", "session_id"):
        needs(name in fields, f"ScriptRunContext.{name}", STREAMLIT, "language and uploads")
    here = hasattr(MemoryUploadedFileManager, "remove_file")
    needs(here, "MemoryUploadedFileManager.remove_file", STREAMLIT, "forgetting a photo")
    here = hasattr(MemoryUploadedFileManager("/upload"), "file_storage")
    needs(here, "MemoryUploadedFileManager.file_storage", STREAMLIT, "a session's uploads")


def test_streamlits_cookie_against_forged_requests_names_a_browser():
    from streamlit.web.server.starlette import starlette_app_utils as utils

    here = hasattr(utils, "generate_xsrf_token_string")
    needs(here, "generate_xsrf_token_string", STREAMLIT, "naming a visitor")
    token = b"0123456789abcdef"
    found = set()
    for _ in range(2):  # another mask every time
        cookie = utils.generate_xsrf_token_string(token)
        found.add(streamlit_adapter.browser_token({streamlit_adapter.XSRF_COOKIE: cookie}))
    needs(found == {token}, "its cookie 2|mask|token|time", STREAMLIT, "naming a visitor")


@pytest.mark.parametrize("cookie", ["", "1|2|3", "2|zz|00|1", "2||00|1", "2|00||1", "2|0|0|1"])
def test_a_cookie_of_another_format_names_nobody(cookie):
    assert streamlit_adapter.browser_token({streamlit_adapter.XSRF_COOKIE: cookie}) == b""


def test_streamlits_page_can_be_told_where_its_server_is():
    page = streamlit_adapter.INDEX.read_text(encoding="utf-8")
    needs(page.count("<head>") == 1, "one <head> in static/index.html", STREAMLIT, "the base path")
    needs(page.count("</body>") == 1, "one </body> in static/index.html", STREAMLIT, "our style")
    scripts = streamlits_scripts()
    needs("BACKEND_BASE_URL" in scripts, "BACKEND_BASE_URL", "pages/ui/shell/base.js", "its server")
    for name in ("test-connection-state", "`CONNECTED`", "stApp`", "stElementContainer"):
        needs(name in scripts, name, CONNECTION, "knowing whether there is a connection")
    for name in ("`Connection error`", "stDialog`"):
        needs(name in scripts, name, CONNECTION, "closing Streamlit's own dialog")
    needs("stMain`" in scripts, "stMain", TOP, "a step that begins at its top")
    for name in ("stSidebar`", "data-collapsed", "stSidebarCollapseButton`", "stPageLink-NavLink`"):
        needs(name in scripts, name, MENU, "closing the menu over the page")


def streamlits_scripts() -> str:
    folder = streamlit_adapter.INDEX.parent / "static" / "js"
    return "".join(script.read_text(encoding="utf-8") for script in folder.glob("*.js"))


def test_streamlits_page_says_what_other_languages_replace():
    scripts = streamlits_scripts()
    for key, said in entries("en").items():
        if key.startswith(WORDS) and key not in (f"{WORDS}point", f"{WORDS}group"):
            for part in re.split(r":|\{\w+\}", said):
                needs(part.strip() in scripts, f"“{said}”", f"assets/text/*/{WORDS}toml", key)
    for name in ("stFileUploader`", "stSlider`", "stMarkdownContainer`"):
        needs(name in scripts, name, "pages/ui/shell/streamlit_words.js", "its own words")


def test_streamlits_page_has_the_scripts_that_the_policy_allows():
    """A script in line that is not found by this pattern would be forbidden."""
    page = streamlit_adapter.INDEX.read_text(encoding="utf-8")
    found = len(re.findall(r"<script(?![^>]*\bsrc=)", page))
    needs(
        found == len(re.findall(r"<script>", page)),
        "scripts in line without attributes",
        STREAMLIT,
        "the content security policy",
    )


def test_a_theme_that_is_read_once_is_the_same(monkeypatch):
    from streamlit.proto.NewSession_pb2 import CustomThemeConfig
    from streamlit.runtime import app_session

    streamlits = app_session._populate_theme_msg
    monkeypatch.setattr(app_session, "_populate_theme_msg", streamlits)  # put back at the end
    streamlit_adapter.read_theme_once.__wrapped__()
    sections = ("theme", "theme.light", "theme.dark", "theme.sidebar", "theme.dark.sidebar")
    for section in sections * 2:
        theirs, ours = CustomThemeConfig(), CustomThemeConfig()
        streamlits(theirs, section)
        app_session._populate_theme_msg(ours, section)
        assert ours == theirs, section
        assert ours.ByteSize() or "sidebar" in section, section


def test_uvicorns_connections_know_whether_they_answer():
    from uvicorn.config import Config
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    names = inspect.getsource(AutoHTTPProtocol)
    for name in ("self.cycle", "self.transport", "self.loop", ".response_complete"):
        needs(name in names, f"{name} of uvicorn's protocol", UVICORN, "half-sent heads")
    needs("auto" in str(Config(app=None).http), "http='auto'", UVICORN, "half-sent heads")


def test_a_component_takes_several_lines_for_a_module():
    from streamlit.components.v2.component_path_utils import ComponentPathUtils

    inline = ComponentPathUtils.looks_like_inline_content(
        'await import("/a.js");\nexport default 1;'
    )
    needs(inline, "a module of several lines as text", COMPONENT, "components")


def test_kerass_adam_keeps_two_moments_for_a_variable():
    import keras
    import numpy as np

    from ae_core.training.keras_adapter import adam_moments

    variable = keras.Variable(np.zeros(3, np.float32))
    adam = keras.optimizers.Adam()
    adam.build([variable])
    for name in ("_momentums", "_velocities"):
        needs(hasattr(adam, name), f"keras.optimizers.Adam.{name}", KERAS, "Adam in one pass")
    handles = adam_moments(adam, variable.value)
    needs(
        all(str(handle.dtype) == "<dtype: 'resource'>" for handle in handles),
        "moments that are TensorFlow's variables",
        KERAS,
        "Adam in one pass",
    )


def test_dasks_scheduler_can_forget_a_topic():
    from distributed.scheduler import Scheduler

    needs("_broker" in inspect.getsource(Scheduler), "Scheduler._broker", DASK, "ended runs")
    broker = import_module("distributed.broker").Broker
    needs(hasattr(broker, "truncate"), "Broker.truncate", DASK, "ended runs")


def test_a_worker_can_ask_its_scheduler():
    from distributed import Worker

    here = "scheduler" in inspect.get_annotations(Worker)
    needs(here, "Worker.scheduler", DASK, "questions that have begun")


def test_only_the_adapters_name_what_streamlit_does_not_promise():
    """`streamlit.testing` and `streamlit.components.v2` are documented."""
    private = ("streamlit.runtime", "streamlit.web", "streamlit.proto", "streamlit.elements")
    for file in [*ROOT.glob("ae_core/**/*.py"), *ROOT.glob("pages/**/*.py"), ROOT / "app.py"]:
        if file != Path(streamlit_adapter.__file__):
            source = file.read_text(encoding="utf-8")
            assert not any(name in source for name in private), file


LIFESPAN = """
import asyncio, gc, sys
from starlette.formparsers import MultiPartParser
from pages.ui.shell.lifespan import lifespan
async def served():
    async with lifespan(None):
        print(round(sys.getswitchinterval(), 3), *gc.get_threshold())
        print(MultiPartParser.spool_max_size >> 20)
        print(gc.get_freeze_count() > 100_000, "plotly" in sys.modules, "tensorflow" in sys.modules)
        from pages.ui.backend.service import _made
        print(len(_made))
asyncio.run(served())
"""


def test_the_process_is_prepared_before_the_first_visitor(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LIFESPAN],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "AE_RUNS_DIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    figures, spooled, states, services = done.stdout.splitlines()
    assert figures == " ".join(map(str, (SWITCH_INTERVAL, *COLLECT_AFTER)))
    assert spooled == "26"  # MB: the largest upload has 25
    assert states == "True True False"
    assert services == "1"
