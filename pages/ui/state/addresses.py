"""The address that a request comes from, behind the proxies that the operator trusts.

``AE_TRUSTED_PROXIES`` lists their networks, by default this machine's own addresses.
"""

import os
import re
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

import streamlit as st
from starlette.datastructures import Headers
from starlette.types import Scope

Address = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]

_WITH_PORT = re.compile(r"\[(.*)\](?::\d+)?|([\d.]+):\d+")
IPV6_PREFIX = 64  # bits
LOOPBACK: Networks = (ip_network("127.0.0.0/8"), ip_network("::1"))


def networks(variable: str) -> Networks:
    """Return the networks that an environment variable lists, separated by spaces or commas.

    Raises:
        ValueError: an entry is neither an address nor a network; the text names the variable.
    """
    written = os.environ.get(variable) or ""
    try:
        return tuple(ip_network(each, strict=False) for each in written.replace(",", " ").split())
    except ValueError as error:
        raise ValueError(f"{variable}: {error}") from error


def trusted_proxies() -> Networks:
    """Return the networks of the operator's own proxies."""
    return networks("AE_TRUSTED_PROXIES") or LOOPBACK


def within(address: Address, allowed: Networks) -> bool:
    """Return whether one of the networks has the address."""
    return any(address in network for network in allowed)


def client_address(scope: Scope, trusted: Networks) -> Address | None:
    """Return the address of the nearest hop that is no trusted proxy.

    Every proxy adds the address of whoever asks it at the end of ``X-Forwarded-For``. What stands
    before the nearest stranger's address may be a lie of that stranger.

    Args:
        scope: ASGI's of a request or a websocket.
        trusted: the networks of the operator's own proxies.

    Returns:
        None if a hop is unknown. If all are trusted, the farthest one.
    """
    peer = scope.get("client")
    forwarded = Headers(scope=scope).getlist("x-forwarded-for")
    hops = [*",".join(forwarded).split(","), str(peer[0]) if peer else ""]
    found = None
    for hop in reversed([each.strip() for each in hops if each.strip()]):
        found = _address(hop)
        if found is None or not within(found, trusted):
            break
    return found


def came_by_https(scope: Scope, trusted: Networks) -> bool:
    """Return whether a browser sent a request by https, to this server or to a trusted proxy."""
    if scope.get("scheme") == "https":
        return True
    peer = scope.get("client")
    address = _address(str(peer[0])) if peer else None
    if address is None or not within(address, trusted):
        return False
    return Headers(scope=scope).get("x-forwarded-proto", "").split(",")[0].strip() == "https"


def may_be_isolated(scope: Scope, trusted: Networks) -> bool:
    """Return whether browsers isolate a page: it comes by https, or from their own machine."""
    if came_by_https(scope, trusted):
        return True
    host = Headers(scope=scope).get("host", "")
    address = _address(host)
    if address is not None:
        return within(address, LOOPBACK)
    return host.partition(":")[0].rpartition(".")[2] == "localhost"


def network_of(address: Address | None) -> str:
    """Return what counts as one address, empty if it is unknown.

    Of IPv6's, these are all that share their first half: a household has so many to choose from.
    """
    if isinstance(address, IPv6Address):
        return str(ip_network((address.packed, IPV6_PREFIX), strict=False))
    return str(address or "")


def visitor_address() -> str:
    """Return `network_of` the visitor whose page is drawn."""
    context = st.context
    scope = {
        "type": "http",
        "client": (context.ip_address or "127.0.0.1", 0),
        "headers": [
            (name.lower().encode(), value.encode())
            for name in context.headers
            for value in context.headers.get_all(name)
        ],
    }
    return network_of(client_address(scope, trusted_proxies()))


def _address(written: str) -> Address | None:
    with_port = _WITH_PORT.fullmatch(written)  # some proxies add it
    if with_port:
        written = with_port[1] or with_port[2]
    try:
        found = ip_address(written)
    except ValueError:
        return None
    # A server that listens for IPv6 sees IPv4's clients as ::ffff:127.0.0.1.
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
