"""The cookie by which the app knows a browser again: a random name, signed, and nothing else."""

import hashlib
import os
import re
import secrets
from dataclasses import dataclass, field
from functools import lru_cache

from itsdangerous import BadSignature, TimestampSigner

from ae_core.storage.database import Database, database_in
from ae_core.storage.files import runs_dir
from ae_core.storage.settings import cookie_secret

SECONDS_PER_DAY = 86_400
DAYS = 200  # for which a browser is remembered after its last visit
RENEWED_AFTER = SECONDS_PER_DAY  # seconds; a page that opens renews an older cookie
MIN_SECRET = 32  # characters
VARIABLE = "AE_COOKIE_SECRET"
# SHA-384 fills its 64 letters: with another length, some last letters mean the same signature.
_DIGEST = hashlib.sha384
_FORM = re.compile(r"[rt][0-9a-f]{16}\.[A-Za-z0-9_-]{1,11}\.[A-Za-z0-9_-]{64}")


def _new_name() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Identity:
    """Who a browser is.

    Attributes:
        name: an opaque name, 16 hexadecimal digits.
        remembered: whether the browser keeps the cookie when it is closed.
    """

    name: str = field(default_factory=_new_name)
    remembered: bool = False


def earlier_identity(token: bytes) -> Identity:
    """Return who the app's earlier versions took a browser for, by its token of Streamlit's."""
    return Identity(hashlib.sha256(token).hexdigest()[:16])


class _Signer(TimestampSigner):
    """itsdangerous's signer at a given time."""

    def __init__(self, secret: str, now: float) -> None:
        super().__init__(secret, salt="visitor", digest_method=_DIGEST)
        self._now = int(now)

    def get_timestamp(self) -> int:
        return self._now


def signed(identity: Identity, secret: str, now: float) -> str:
    """Return the cookie's value; ``now`` is the time, in seconds since 1970."""
    kind = "r" if identity.remembered else "t"
    return _Signer(secret, now).sign(kind + identity.name).decode()


def verified(written: str, secret: str, now: float) -> tuple[Identity, float] | None:
    """Return who a cookie names and how old its signature is, in seconds.

    None if the value is not what `signed` writes with this secret, or is older than `DAYS` days. A
    signature from the future is valid: the clocks of servers differ.
    """
    if not _FORM.fullmatch(written):
        return None
    try:
        value, time = _Signer(secret, now).unsign(written, return_timestamp=True)
    except BadSignature:
        return None
    age = now - time.timestamp()
    if age > DAYS * SECONDS_PER_DAY:
        return None
    return Identity(value[1:].decode(), value.startswith(b"r")), age


def cookie_name(secret: str, base_path: str) -> str:
    """Return the cookie's name.

    It differs between apps on one host: browsers do not tell their ports apart, and a cookie of the
    app at ``/`` comes to the one at ``/lab`` as well.
    """
    digest = hashlib.sha256(f"{secret} {base_path}".encode()).hexdigest()
    return f"autoencoder_lab_{digest[:8]}"


def operator_secret() -> str:
    """Return the secret that the operator has set, "" if there is none.

    Raises:
        ValueError: it is so short that it could be guessed.
    """
    written = os.environ.get(VARIABLE, "").strip()
    if written and len(written) < MIN_SECRET:
        raise ValueError(f"{VARIABLE} has {len(written)} of at least {MIN_SECRET} characters")
    return written


def secret() -> str:
    """Return the secret of this server's cookies.

    Raises:
        StorageError: it is in the database, which does not answer.
    """
    return operator_secret() or _made(database_in(runs_dir()))


@lru_cache(maxsize=64)
def _made(database: Database) -> str:
    return cookie_secret(database)
