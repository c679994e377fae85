"""The tables of the database; `migrations` has the steps by which an older one gets them.

Times are seconds since 1970, durations seconds. A visitor's name is opaque. Texts that end in
``_json`` are JSON, which the module of their noun checks when it reads them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

VERSION = "0005"  # the newest migration

TABLES = MetaData()

RUNS = Table(
    "runs",
    TABLES,
    Column("id", String(12), primary_key=True),
    Column("owner", String, nullable=False),
    Column("sweep", String, nullable=False),  # empty for a single run
    Column("preset", String, nullable=False),
    Column("image_set", String, nullable=False),
    Column("address", String, nullable=False, default=""),  # whence it came, until its end
    Column("spec_json", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("number", Integer, nullable=False, default=0),  # among the runs submitted with it
    # ``queued``, ``running``, ``stopping`` before it began; finished, stopped or failed.
    Column("status", String, nullable=False),
    Column("reason_json", Text, nullable=False),
    Column("history_json", Text, nullable=False),
    Column("scheduler", String, nullable=False),  # the scheduler that trains it
    Column("attempt", Integer, nullable=False, default=0),
    Column("begun", Double, nullable=False, default=0.0),  # its first attempt, 0 while it waits
    Column("attempted", Double, nullable=False, default=0.0),  # its present attempt
    Column("lost", String, nullable=False, default=""),  # what was lost, see `queue.Entry`
    Column("lost_epoch", Integer, nullable=False, default=0),
    Column("ended", Double, nullable=False, default=0.0),  # 0 before its end
    Column("bytes", BigInteger, nullable=False, default=0),  # of its files
    Column("kept", Boolean, nullable=False, default=False),  # its owner wants to keep it
    Column("deleted", Double, nullable=False, default=0.0),  # 0: it is there
    Index("runs_by_owner", "owner", "created"),
    Index("runs_by_status", "status", "scheduler"),
    Index("runs_by_sweep", "sweep"),
)

# Which schedulers are alive: a server of each renews its time.
SCHEDULERS = Table(
    "schedulers",
    TABLES,
    Column("id", String, primary_key=True),
    Column("seen", Double, nullable=False),
)

# When runs of a visitor, or of the unknown visitors of an address, last began, for a day.
TURNS = Table(
    "turns",
    TABLES,
    Column("party", String, primary_key=True),
    Column("served", Double, nullable=False),
)

CLASSES = Table(
    "classes",
    TABLES,
    Column("code", String, primary_key=True),
    Column("teacher", String, nullable=False),  # the visitor who opened it, empty if unknown
    Column(
        "address", String, nullable=False, default="", server_default=""
    ),  # whence, until somebody joins
    Column("key", String, nullable=False),  # SHA-256 of the teacher's secret
    Column("created", Double, nullable=False),
    Column("used", Double, nullable=False),
    Column("limits_json", Text, nullable=False),
    Column("challenge_json", Text, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("cleared", Double, nullable=False),
    Column("lead_json", Text, nullable=False, default="{}", server_default="{}"),
    Index("classes_by_teacher", "teacher"),
    Index("classes_by_use", "used"),
)

STUDENTS = Table(
    "students",
    TABLES,
    Column("code", String, primary_key=True),
    Column("visitor", String, primary_key=True),
    Column("nickname", String, nullable=False),
    Column("joined", Double, nullable=False),
    Column("left", Boolean, nullable=False),
    Column("place", String, nullable=False, default="", server_default=""),  # lesson/step or page
)
# A visitor is in one class at a time.
Index(
    "student_of_one_class",
    STUDENTS.c.visitor,
    unique=True,
    sqlite_where=~STUDENTS.c.left,
    postgresql_where=~STUDENTS.c.left,
)

# What a class was asked, or what its students answered in a lesson before they were asked.
QUESTIONS = Table(
    "questions",
    TABLES,
    Column("code", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("question_json", Text, nullable=False),
    Column("round", Integer, nullable=False),  # the present one, from 1
    Column("revealed", Boolean, nullable=False),
    Column("asked", Double, nullable=False),  # 0: not asked by the teacher yet
)

GUESSES = Table(
    "guesses",
    TABLES,
    Column("code", String, primary_key=True),
    Column("question", String, primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("visitor", String, primary_key=True),
    Column("value", Double, nullable=False),
    Column("given", Double, nullable=False),
)

# Which steps of lessons a student has seen.
STEPS = Table(
    "steps",
    TABLES,
    Column("code", String, primary_key=True),
    Column("visitor", String, primary_key=True),
    Column("place", String, primary_key=True),  # lesson/step
    Column("seen", Double, nullable=False),
)

HAND_INS = Table(
    "hand_ins",
    TABLES,
    Column("code", String, primary_key=True),
    Column("visitor", String, primary_key=True),
    Column("run", String(12), primary_key=True),
    Column("words", Text, nullable=False),
    Column("user_name", String, nullable=False),  # that of a learning platform, or empty
    Column("handed_in", Double, nullable=False),
)

MATCHES = Table(
    "matches",
    TABLES,
    Column("owner", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("target", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("moves", Integer, nullable=False),
    Column("psnr", Double, nullable=False),
    Column("found", Double, nullable=False),
    Index("matches_by_target", "target"),
    Index("matches_by_age", "found"),
)

USER_SETS = Table(
    "user_sets",
    TABLES,
    Column("id", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("name", String, nullable=False),
    Column("created", Double, nullable=False),
    Column("count", Integer, nullable=False),
    Column("next_number", Integer, nullable=False),
    Column("changes", Integer, nullable=False),
    Column("channels", Integer, nullable=False, server_default="1"),
    Column("used", Double, nullable=False, server_default="0"),
    Column("pixels", LargeBinary, nullable=False),  # (N, S, S, channels) uint8
    Column("numbers", LargeBinary, nullable=False),  # (N,) int64, little-endian
    Index("user_sets_by_owner", "owner"),
)

# What a server makes once and all of them use: the secret of the cookies.
SETTINGS = Table(
    "settings",
    TABLES,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)
