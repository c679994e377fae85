"""The key of the visitors' cookies: one server of a database makes it, once, for all of them."""

import secrets

from sqlalchemy import select

from ae_core.storage.database import Database, insert_new
from ae_core.storage.tables import SETTINGS

COOKIE_SECRET = "cookie_secret"


def cookie_secret(database: Database) -> str:
    """Return the secret that signs the cookies; servers that start together agree on one.

    Raises:
        StorageError: the database does not answer, or the disk refuses.
    """
    wanted = select(SETTINGS.c.value).where(SETTINGS.c.name == COOKIE_SECRET)
    with database.reading() as connection:
        found = connection.scalar(wanted)
    if found is not None:
        return str(found)
    with database.changing() as connection:
        made = {"name": COOKIE_SECRET, "value": secrets.token_urlsafe(32)}  # 256 bits
        insert_new(connection, SETTINGS, [made])
        return str(connection.scalar(wanted))
