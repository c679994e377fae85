"""The address of this computer in its network, and addresses that mean the computer itself."""

import os
import socket
from ipaddress import ip_address
from pathlib import Path

# What `autoencoder-lab serve` tells its web servers: the app's ports by https and by http.
HTTPS_SETTING, HTTP_SETTING = "AE_CLASS_HTTPS", "AE_CLASS_HTTP"
CERTIFICATE = "/class-certificate.crt"  # there, that of the authority behind https
# Docker's and Podman's sign of a container, whose own address nobody outside reaches; there a
# setting, Streamlit's own, says by which name visitors come.
CONTAINERS = (Path("/.dockerenv"), Path("/run/.containerenv"))
NAME_SETTING = "STREAMLIT_BROWSER_SERVER_ADDRESS"
FAR_AWAY = ("192.0.2.1", 9)  # reserved for documentation; nothing is ever sent there


def is_own(host: str) -> bool:
    """Return whether a name or address means the computer that uses it, as localhost does."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        known = ip_address(host)
    except ValueError:
        return False
    return known.is_loopback or known.is_unspecified


def own_address() -> str:
    """Return this computer's address in its network, or "" if it has none.

    In a container it is the one that `NAME_SETTING` says.
    """
    if any(map(Path.exists, CONTAINERS)):
        named = os.environ.get(NAME_SETTING, "localhost")
        return "" if is_own(named) else named
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(FAR_AWAY)  # for a datagram socket: it chooses a route and sends nothing
            own = str(asking.getsockname()[0])
        except OSError:
            return ""
    return "" if is_own(own) else own
