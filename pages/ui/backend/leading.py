"""Who leads and follows the classes of this server, with and without Streamlit."""

from functools import lru_cache

from ae_core.classroom.hand_ins import HandIns
from ae_core.classroom.leading import Leading
from ae_core.classroom.record import ClassRecord, read_record
from ae_core.classroom.relay import Relay
from ae_core.classroom.service import ClassroomService
from ae_core.storage.database import Database, database_in
from ae_core.storage.files import runs_dir


def leading() -> Leading:
    """Return the leads of this server's classes."""
    return _leading(database_in(runs_dir()))


def relay() -> Relay:
    """Return what the devices of this server's classes ask for every second."""
    return _relay(database_in(runs_dir()))


def hand_ins() -> HandIns:
    """Return the work handed in to this server's classes."""
    return HandIns(database_in(runs_dir()))


def record_of(code: str) -> ClassRecord:
    """Return what a class did."""
    return read_record(database_in(runs_dir()), code)


@lru_cache(maxsize=8)
def _leading(database: Database) -> Leading:
    return Leading(ClassroomService(database), database)


@lru_cache(maxsize=8)
def _relay(database: Database) -> Relay:
    return Relay(database)
