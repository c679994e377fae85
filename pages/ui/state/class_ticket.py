"""Signed tickets by which a page's script may ask what a class does, without Streamlit.

A page that has found out who its visitor is gives its script one. So nobody tries codes by the
route, and a browser that keeps no cookie can follow its class, too.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from itsdangerous import BadSignature, Signer

from pages.ui.state.identity import secret

HEADER = "x-class-ticket"
Role = Literal["student", "projector", "teacher"]


@dataclass(frozen=True)
class Ticket:
    """What a page's script may see.

    Attributes:
        role: as whom it asks.
        code: the code of the class.
        student: the student's id, as other students may see it; "" for other roles.
    """

    role: Role
    code: str
    student: str = ""


def written_ticket(ticket: Ticket) -> str:
    """Return a ticket for a page's script.

    Raises:
        StorageError: the secret of the cookies is in the database, which does not answer.
    """
    return _signer().sign(f"{ticket.role}.{ticket.code}.{ticket.student}").decode()


def read_ticket(written: str) -> Ticket | None:
    """Return the ticket that a script shows, None if this app has not signed it.

    Raises:
        StorageError: as `written_ticket`.
    """
    try:
        role, code, student = _signer().unsign(written).decode().split(".")
    except (BadSignature, ValueError):
        return None
    return next((Ticket(each, code, student) for each in get_args(Role) if each == role), None)


def _signer() -> Signer:
    return Signer(secret(), salt="class ticket")
