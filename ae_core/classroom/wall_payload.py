"""A class's wall as bytes for the browser: a length, what is known as JSON, then all pictures.

The first four bytes are the length of the JSON, little-endian; the JSON says of each run where its
pictures begin after it. Nothing that could tell who a visitor is goes into it.
"""

import json
import struct
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ae_core.classroom.wall import Place


def pack(
    places: Sequence[Place],
    *,
    words: Mapping[str, str],
    mine: str = "",
    leaders: Collection[str] = (),
    teacher: bool = False,
) -> bytes:
    """Return a wall.

    Args:
        places: of the students.
        words: what the browser's script says, by name.
        mine: the id of the student who looks at it.
        leaders: ids of students whose runs lead a challenge.
        teacher: whether the ids of the runs go with it, by which they can be stopped.
    """
    pictures, students, begin = [], [], 0
    for place in places:
        student: dict[str, Any] = {
            "id": place.student.id,
            "name": place.student.nickname,
            "runs": place.runs,
            "leads": place.student.id in leaders,
        }
        run = place.run
        if run is not None:
            count, _, side, _, channels = run.pictures.shape
            student["run"] = {
                "status": run.status,
                "live": run.live,
                "place": run.position,
                "epoch": run.epoch,
                "epochs": run.spec.epochs,
                "numbers": run.numbers,
                "psnr": run.psnr,
                "loss": run.loss,
                "heldOut": run.held_out,
                "begun": run.created,
                "curve": run.curve,
                "pictures": {"count": count, "side": side, "channels": channels, "begin": begin},
            }
            if teacher:
                student["run"]["id"] = run.id
            pictures.append(run.pictures.tobytes())
            begin += run.pictures.nbytes
        students.append(student)
    about = {"words": words, "mine": mine, "teacher": teacher, "students": students}
    text = json.dumps(about, separators=(",", ":"), allow_nan=False).encode()
    return b"".join([struct.pack("<I", len(text)), text, *pictures])
