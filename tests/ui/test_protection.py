"""Who a request comes from, who may read the metrics, and what the responses tell the browser."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from ipaddress import ip_address
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from streamlit.runtime.context import StreamlitHeaders

from pages.ui.shell.protection import (
    Protection,
    content_security_policy,
    embedding_origins,
    server_error,
)
from pages.ui.state import addresses
from pages.ui.state.addresses import client_address, network_of, networks, trusted_proxies


def scope(peer: str, *forwarded: str, path: str = "/") -> dict:
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "client": (peer, 1),
        "headers": [(b"x-forwarded-for", each.encode()) for each in forwarded],
    }


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        ("", "203.0.113.9", [], "203.0.113.9"),
        ("", "203.0.113.9", ["127.0.0.1"], "203.0.113.9"),  # a stranger's lie
        ("", "127.0.0.1", [], "127.0.0.1"),
        ("", "::1", [], "::1"),
        ("", "::ffff:127.0.0.1", [], "127.0.0.1"),
        ("", "127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("", "127.0.0.1", ["127.0.0.1, 203.0.113.9"], "203.0.113.9"),  # its lie to our proxy
        ("", "127.0.0.1", ["127.0.0.1", "203.0.113.9"], "203.0.113.9"),  # in a header of its own
        ("", "127.0.0.1", ["203.0.113.9, 10.0.0.7"], "10.0.0.7"),  # not a proxy of ours
        ("10.0.0.0/8, ::1", "10.0.0.7", ["203.0.113.9, 10.0.0.8"], "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.7", ["10.0.0.9, 10.0.0.8"], "10.0.0.9"),  # the farthest
        ("10.0.0.0/8", "127.0.0.1", ["203.0.113.9"], "127.0.0.1"),
        ("", "127.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("", "127.0.0.1", ["[2001:db8::9]:4711"], "2001:db8::9"),
        ("", "127.0.0.1", ["203.0.113.9, [::1]"], "203.0.113.9"),
        ("", "127.0.0.1", ["unknown"], None),
        ("", "testclient", [], None),
    ],
)
def test_an_address_is_the_nearest_hop_that_is_no_trusted_proxy(
    proxies, peer, forwarded, address, monkeypatch
):
    monkeypatch.setenv("AE_TRUSTED_PROXIES", proxies)
    found = client_address(scope(peer, *forwarded), trusted_proxies())
    assert found == (address and ip_address(address))


PROXIES = ("127.0.0.2", "10.1.2.3", "2001:db8:1::7", "::ffff:10.9.9.9")
STRANGERS = ("127.0.0.3", "203.0.113.9", "11.0.0.1", "2001:db8:2::7", "::ffff:203.0.113.8")
TRUSTED = "127.0.0.2, 10.0.0.0/8 2001:db8:1::/48"
LIES = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=40)


@given(
    st.lists(LIES | st.sampled_from(PROXIES + STRANGERS), max_size=5),
    st.sampled_from(STRANGERS),
    st.lists(st.sampled_from(PROXIES), max_size=4),
    st.booleans(),
)
def test_nothing_that_a_stranger_writes_changes_its_address(lies, stranger, proxies, in_one):
    """The stranger sends lies to the farthest proxy; each adds the address of whoever asks it."""
    asking = [stranger, *proxies]
    peer = asking.pop()
    forwarded = lies + asking
    headers = [", ".join(forwarded)] if in_one else forwarded
    found = ip_address(stranger)
    found = getattr(found, "ipv4_mapped", None) or found
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AE_TRUSTED_PROXIES", TRUSTED)
        asked = scope(peer, *headers) | {"headers": [
            (b"x-forwarded-for", each.encode("latin-1")) for each in headers
        ]}  # fmt: skip
        assert client_address(asked, trusted_proxies()) == found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.9", "203.0.113.10", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::1", True),
        ("2001:db8::1", "203.0.113.9", False),
    ],
)
def test_ipv6_addresses_that_share_their_first_half_count_as_one(one, other, same):
    assert (network_of(ip_address(one)) == network_of(ip_address(other))) is same
    assert network_of(None) == "" != network_of(ip_address(one))


def test_a_list_of_networks_that_is_none_names_its_variable(monkeypatch):
    monkeypatch.setenv("AE_METRICS_TO", "10.0.0.0/8 prometheus")
    with pytest.raises(ValueError, match=r"AE_METRICS_TO.*prometheus"):
        networks("AE_METRICS_TO")


def ended(passing: Coroutine) -> Future:
    """Wait for it in another thread: a browser of other tests may have a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, passing)


def answer(asked: dict) -> tuple[int, dict[str, str]]:
    """Return the status and the headers of an app's answer; its page ``/broken`` fails."""

    def shown(_: Request) -> PlainTextResponse:
        return PlainTextResponse("shown")

    def broken(_: Request) -> PlainTextResponse:
        raise RuntimeError("broken")

    app = Starlette(
        routes=[Route("/broken", broken), Route("/{rest:path}", shown)],
        middleware=[Middleware(Protection)],
        exception_handlers={Exception: server_error},
    )
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    done = ended(app(asked, receive, send))
    if asked["path"] == "/broken":
        assert isinstance(done.exception(), RuntimeError)  # for the log
    else:
        done.result()
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers


@pytest.mark.parametrize(
    ("peer", "forwarded", "allowed", "status"),
    [
        ("127.0.0.1", [], "", 200),
        ("::1", [], "", 200),
        ("10.0.0.7", [], "", 403),
        ("127.0.0.1", ["10.0.0.7"], "", 403),
        ("10.0.0.7", ["127.0.0.1"], "", 403),
        ("10.0.0.7", [], "10.0.0.0/8", 200),
        ("127.0.0.1", [], "10.0.0.0/8", 200),
        ("203.0.113.9", [], "10.0.0.0/8", 403),
    ],
)
@pytest.mark.parametrize("path", ["/_stcore/metrics", "/lab/_stcore/metrics", "/_stcore/metrics/"])
def test_metrics_are_for_this_machine_and_whom_the_operator_names(
    peer, forwarded, allowed, status, path, monkeypatch
):
    monkeypatch.setenv("AE_METRICS_TO", allowed)
    assert answer(scope(peer, *forwarded, path=path))[0] == status
    assert answer(scope(peer, *forwarded, path="/_stcore/health"))[0] == 200


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/broken", 500), ("/_stcore/metrics", 403)]
)
def test_every_response_has_the_headers(path, status):
    found, headers = answer(scope("203.0.113.9", path=path))
    assert found == status
    assert headers["content-security-policy"] == content_security_policy()
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_the_policy_names_no_foreign_host(monkeypatch):
    monkeypatch.delenv("AE_EMBED_FROM", raising=False)
    policy = content_security_policy()
    assert "http" not in policy
    assert "*" not in policy
    assert policy.endswith("frame-ancestors 'self'")
    assert "'unsafe-inline'" not in policy.split("style-src")[0]  # for styles alone


def test_the_app_may_be_shown_in_frames_of_the_pages_that_the_operator_lists(monkeypatch):
    monkeypatch.setenv("AE_EMBED_FROM", "https://moodle.school.example, http://10.0.0.7:8080")
    ancestors = "frame-ancestors 'self' https://moodle.school.example http://10.0.0.7:8080"
    assert content_security_policy().endswith(ancestors)


@pytest.mark.parametrize(
    ("scheme", "host", "isolated"),
    [
        ("https", "lab.school.example", True),
        ("http", "localhost:8501", True),
        ("http", "lab.localhost", True),
        ("http", "127.0.0.2:8501", True),
        ("http", "[::1]:8501", True),
        ("http", "192.0.2.7:8501", False),
        ("http", "127.0.0.1.example", False),
        ("http", "[::1", False),
        ("http", "", False),
    ],
)
def test_a_page_is_isolated_where_browsers_do_not_complain_of_it(scheme, host, isolated):
    asked = scope("203.0.113.9") | {"scheme": scheme, "headers": [(b"host", host.encode())]}
    _, headers = answer(asked)
    assert headers.get("cross-origin-opener-policy") == ("same-origin" if isolated else None)
    assert headers.get("cross-origin-embedder-policy") == ("require-corp" if isolated else None)


@pytest.mark.parametrize(
    "written", ["school.example", "https://a.example; script-src", "https://a/b"]
)
def test_what_is_no_origin_is_refused(written, monkeypatch):
    monkeypatch.setenv("AE_EMBED_FROM", written)
    with pytest.raises(ValueError, match="AE_EMBED_FROM"):
        embedding_origins()


def test_a_second_line_of_the_header_counts_too(monkeypatch):
    """Some proxies add theirs as a line of its own, behind what the visitor sent."""
    hops = [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "198.51.100.7")]
    context = SimpleNamespace(ip_address="127.0.0.1", headers=StreamlitHeaders(hops))
    monkeypatch.setattr(addresses, "st", SimpleNamespace(context=context))
    assert addresses.visitor_address() == "198.51.100.7"


def test_the_server_s_own_start_and_end_pass_through():
    """They have no headers; if they failed, uvicorn would go on without them, and store no run."""
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])
        await send({"type": "lifespan.startup.complete"})

    async def send(message):
        seen.append(message["type"])

    ended(Protection(app)({"type": "lifespan"}, None, send)).result()
    assert seen == ["lifespan", "lifespan.startup.complete"]
