"""Leads a class of simulated students: ``python -m benchmarks.led_class``.

Every student has a lesson open by a websocket and asks once a second what the class does, as
``pages/ui/shell/follow.js`` does. The teacher sends all to another step every few seconds and asks
a question there; everybody opens the step and guesses, some of them twice, and once presses Train
on another page; a projector shows the bars. The teacher is a process of its own on the database, so
no web server knows beforehand what the teacher does. The bars are compared with what was sent. All
share the cores of this machine.
"""

import argparse
import asyncio
import gc
import json
import random
import secrets
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from ae_core.classroom.leading import Leading
from ae_core.classroom.questions import Question
from ae_core.classroom.relay import read_state
from ae_core.classroom.service import ClassroomService
from ae_core.storage.database import Database
from ae_core.workers import cluster
from benchmarks.app import running_server
from benchmarks.report import Report
from benchmarks.student import Failure, Student
from pages.ui.state.class_ticket import HEADER
from pages.ui.state.identity import Identity, cookie_name, signed

SECRET = secrets.token_urlsafe(32)
LESSON, STEPS = "01-what-is-an-autoencoder", 2
QUESTION = Question("", "How many?", low=0.0, high=30.0, step=1.0, unit="dB")
EVERY = 1.0  # seconds between two questions of a device
STEP = 10.0  # seconds from one step to the next
PRESSED = 2.0  # seconds within which everybody has pressed the button to the step
TRAINED = 40.0  # seconds within which everybody has pressed Train
ANSWERED = 4.0  # seconds within which everybody has guessed
SEEN = 2.0  # seconds, the target from the teacher's act to every device, and from the last guess of
# all to the projector
P95 = 500.0  # ms, of everything that a student does


@dataclass
class Seen:
    """What the students measured.

    Attributes:
        seconds: seconds until each kind of answer.
        acts: by the number of the lead, the seconds until each device knew of it.
        sent: by question and student, the last guess.
        last: by question, when the server had the last guess of all.
        bars: by question, what the projector showed, and when.
        errors: what failed.
    """

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    acts: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    last: dict[str, float] = field(default_factory=dict)
    bars: dict[str, list[tuple[float, list[int]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    errors: list[str] = field(default_factory=list)

    def until_shown(self, question: str) -> float:
        """Return the seconds from the last guess until the projector showed the final bars."""
        shown = self.bars[question]
        final = takewhile(lambda each: each[1] == shown[-1][1], reversed(shown))
        return max(0.0, min(when for when, _ in final) - self.last[question])


@dataclass
class Teacher:
    """The class, and when its teacher did what.

    Attributes:
        begun: by the number of the lead, when it began.
        over: whether the lesson is over.
    """

    leads: Leading
    code: str
    secret: str
    begun: dict[int, float] = field(default_factory=dict)
    over: bool = False

    async def lead(self, seconds: float) -> list[str]:
        """Send the class from step to step and ask at each; return the questions' names."""
        asked = []
        for turn in range(round(seconds / STEP)):
            due = time.perf_counter()
            step = {"lesson": LESSON, "step": str(1 + turn % STEPS)}
            await asyncio.to_thread(self.leads.send, self.code, self.secret, "lessons", step)
            self._note()
            await asyncio.sleep(STEP / 3)
            ask = self.leads.ask
            asked.append(await asyncio.to_thread(ask, self.code, self.secret, QUESTION))
            self._note()
            await asyncio.sleep(due + STEP - time.perf_counter())
        self.over = True
        return asked

    def _note(self) -> None:
        self.begun[self.leads.lead(self.code).number] = time.perf_counter()


async def attend(student: Student, name: str, teacher: Teacher, seen: Seen) -> None:
    """Follow the class until its lesson is over."""
    last, guessed = 0, ""
    await asyncio.sleep(random.random() * EVERY)
    while not teacher.over:
        due = time.perf_counter()
        ticket = json.loads(student.shown["class-follow"].json)["ticket"]
        now = json.loads(await student.ask("/class/now", **{HEADER: ticket}))
        seen.seconds["what the class does"].append(time.perf_counter() - due)
        if now["number"] != last:
            last = now["number"]
            if last in teacher.begun:
                seen.acts[last].append(time.perf_counter() - teacher.begun[last])
            query = "&".join(f"{key}={value}" for key, value in now["query"].items())
            if now["question"] is None:
                await asyncio.sleep(random.random() * PRESSED)
                seen.seconds["a step of the lesson"].append(await student.show(query))
        question = now["question"]
        if question is not None and question["name"] != guessed:
            guessed = question["name"]
            await asyncio.sleep(random.random() * (ANSWERED - EVERY))
            for _ in range(random.choice((1, 1, 2))):
                value = float(random.randint(0, 30))
                begun = time.perf_counter()
                about = {"name": guessed, "round": question["round"], "value": value}
                body = json.dumps(about).encode()
                await student.ask("/class/guess", body, **{HEADER: ticket})
                seen.seconds["a guess"].append(time.perf_counter() - begun)
                seen.sent[guessed][name] = value
                seen.last[guessed] = time.perf_counter()
        await asyncio.sleep(max(0.05, due + EVERY - time.perf_counter()))


async def train(student: Student, seen: Seen) -> None:
    """Begin a training in a tab of its own while the lesson goes on, and close the tab."""
    await asyncio.sleep(random.random() * TRAINED)
    tab = Student(student.port, cookie=student.cookie)
    seen.seconds["the page Train"].append(await tab.open("train", "preset=digits-dense"))
    seen.seconds["Train is pressed"].append(await tab.change("train.start", trigger_value=True))
    if "run" not in tab.query:
        raise Failure("no run has begun")
    await tab.close()


async def project(screen: Student, teacher: Teacher, seen: Seen) -> None:
    """Show the bars until the lesson is over."""
    while not teacher.over:
        due = time.perf_counter()
        ticket = json.loads(screen.shown["class-lead-projector"].json)["ticket"]
        question = json.loads(await screen.ask("/class/now", **{HEADER: ticket}))["question"]
        if question is not None:
            seen.bars[question["name"]].append((time.perf_counter(), question["rounds"][-1]))
        await asyncio.sleep(max(0.05, due + EVERY - time.perf_counter()))


async def _noting(what: Coroutine[Any, Any, None], seen: Seen) -> None:
    try:
        await what
    except (Failure, OSError, TimeoutError, EOFError, KeyError) as error:
        seen.errors.append(f"{type(error).__name__}: {error}")


async def lead(report: Report, ports: list[int], runs: Path, count: int, seconds: float) -> None:
    """Lead a class of ``count`` students and report what they saw."""
    database = Database(f"sqlite:///{runs / 'lab.db'}")
    book = ClassroomService(database)
    classroom, secret = book.open_class("the teacher")
    teacher = Teacher(Leading(book, database), classroom.code, secret)
    students = []
    for number in range(count):
        who = Identity(secrets.token_hex(8))
        cookie = f"{cookie_name(SECRET, '')}={signed(who, SECRET, time.time())}"
        students.append(Student(ports[number % len(ports)], cookie=cookie))
        if number and number % 50 == 0:
            await asyncio.sleep(10)  # as fast as a class may join
        book.join(classroom.code, who.name, f"student {number}")
    seen = Seen()
    for student in students:
        await student.open("lessons", f"lesson={LESSON}&step=1")
    screen = Student(ports[0])
    await screen.open("classroom", f"class={classroom.code}&view=Projector")
    work = [attend(each, f"student {n}", teacher, seen) for n, each in enumerate(students)]
    work += [train(each, seen) for each in students]
    work.append(project(screen, teacher, seen))
    everybody = asyncio.gather(*(_noting(each, seen) for each in work))
    asked = await teacher.lead(seconds)
    await everybody
    for student in (*students, screen):
        await student.close()

    report.figure(f"**{count} students, {len(ports)} web servers**", f"{seconds:.0f} s")
    for name, taken in sorted(seen.seconds.items()):
        each = statistics.median(taken), _p95(taken), max(taken)
        figures = " / ".join(f"{1e3 * seconds_:.0f}" for seconds_ in each)
        report.figure(name, f"{len(taken)} times, median / p95 / longest ms: {figures}")
    acts = [each for number in seen.acts for each in seen.acts[number]]
    report.figure("from the teacher's act to a device, median s", f"{statistics.median(acts):.2f}")
    for problem in sorted(set(seen.errors)):
        report.figure("error", f"{seen.errors.count(problem)} times: {problem}")
    wrong = 0
    for name in asked:
        teacher.leads.reveal(classroom.code, secret, name)
        found = read_state(database, classroom.code)
        assert found is not None  # nobody has ended the class
        named = dict(found.for_teacher()["question"]["names"])
        wrong += sum(named.get(who) != value for who, value in seen.sent[name].items())
        wrong += len(named) - len(seen.sent[name])
    report.figure("guesses", str(sum(map(len, seen.sent.values()))))
    report.target("guesses lost or wrong", wrong, 0, "{:.0f}")
    report.target("errors", len(seen.errors), 0, "{:.0f}")
    report.target("from the teacher's act to a device, p95 s", _p95(acts), SEEN)
    shown = max(map(seen.until_shown, asked))
    report.target("from the last guess to the projector, longest s", shown, SEEN)
    every = [each for taken in seen.seconds.values() for each in taken]
    report.target("what students do, p95 ms", _p95(every) * 1e3, P95, "{:.0f}")


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def run(report: Report, count: int = 100, web: int = 2, seconds: float = 60.0) -> None:
    """Start web servers on one database and lead a class."""
    gc.freeze()  # a garbage collection in this process would look like a slow server
    with ExitStack() as stack:
        process, address = cluster.start()
        stack.callback(process.communicate)  # ends it by closing its input
        runs = stack.enter_context(tempfile.TemporaryDirectory())
        shared = {"AE_RUNS_DIR": runs, "AE_SCHEDULER": address, "AE_COOKIE_SECRET": SECRET}
        ports = [stack.enter_context(running_server(**shared))[0] for _ in range(web)]
        asyncio.run(lead(report, ports, Path(runs), count, seconds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("students", nargs="?", type=int, default=100)
    parser.add_argument("--servers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    run(Report(), options.students, options.servers, options.seconds)
