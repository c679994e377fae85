"""What stands on a class's wall: by hand-written runs in a store, and by real ones."""

import csv
import io
import json
import math
import re
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ae_core import images
from ae_core.classroom.beginning import challenge_preset
from ae_core.classroom.model import (
    Challenge,
    ClassLimits,
    Classroom,
    Student,
)
from ae_core.classroom.run_card import MAX_BYTES, MAX_POINTS, MAX_SIDE, RunCard, WallEntry, pack
from ae_core.classroom.service import ClassroomService
from ae_core.classroom.wall import Wall, newest_ranked, standings
from ae_core.export.class_tables import COLUMNS, table
from ae_core.models.compatibility import image_shape
from ae_core.runs.record import RunOutcome, RunRecord, new_run_id
from ae_core.runs.snapshot import Snapshot
from ae_core.runs.store import RunStore
from ae_core.service.service import TrainingService
from ae_core.specs import change, preset

DIGITS = change(preset("digits-dense"), image_size=8)
CLASSROOM = Classroom("ABCDE", "0" * 64, 0.0, 0.0)
ADA, BOB, CEM = (Student(name.lower(), name, 100.0) for name in ("Ada", "Bob", "Cem"))


OTHERS = {"psnr": 30.0, "seconds": 1.0}  # of training images, and of every epoch


def history(psnr, epochs=3, name="val_psnr"):
    return tuple(OTHERS | {"loss": 0.5 / e, name: psnr - epochs + e} for e in range(1, epochs + 1))


def kept(store, owner, created, psnr=20.0, status="finished", *, spec=DIGITS, metrics=None):
    """An ended run in a store, of 4 pictures whose reconstructions are half as bright."""
    record = RunRecord(new_run_id(), spec, "digits-dense", owner, created)
    store.begin([record])
    probes = np.full((4, *image_shape(spec)), 200, np.uint8)
    sheet = images.to_png(images.sheet(np.stack([probes, probes // 2])))
    metrics = history(psnr) if metrics is None else metrics
    store.finish(record.ended(RunOutcome(status, None, metrics)), {"preview.png": sheet})
    return record.id


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path)


@pytest.fixture
def wall_of(connection, monkeypatch):
    """Walls of stores whose runs, which are of 1970, are not too old to be kept."""
    monkeypatch.setenv("AE_KEEP_DAYS", "1000000")
    return lambda store: Wall(TrainingService(store, connection), now=count().__next__)


def test_what_began_before_joining_or_clearing_is_not_on_the_wall(store, wall_of):
    kept(store, "ada", 99.0)
    second, third = kept(store, "ada", 101.0), kept(store, "ada", 103.0)
    wall = wall_of(store)
    assert wall.runs(CLASSROOM, ADA) == [third, second]
    assert wall.runs(replace(CLASSROOM, cleared=102.0), ADA) == [third]
    assert wall.runs(replace(CLASSROOM, cleared=104.0), ADA) == []
    (entry,) = wall.entries(replace(CLASSROOM, cleared=104.0), [ADA])
    assert (entry.card, entry.runs) == (None, 0)
    assert store.read(second).status == "finished"  # its owner keeps it


def test_the_newest_ended_run_is_shown_with_its_figures(store, wall_of):
    kept(store, "ada", 101.0, 25.0)
    newest = kept(store, "ada", 102.0, 21.5)
    (entry,) = wall_of(store).entries(CLASSROOM, [ADA])
    card = entry.card
    assert (card.run.id, entry.runs, card.epoch, card.latent_dim, card.side) == (
        newest,
        2,
        3,
        16,
        8,
    )
    assert card.psnr == 21.5
    assert card.loss == pytest.approx(0.5 / 3)
    assert card.held_out
    np.testing.assert_array_equal(card.images[:, 0], 200)
    np.testing.assert_array_equal(card.images[:, 1], 100)


def test_an_ended_run_is_read_once_however_often_it_is_looked_at(store, wall_of, monkeypatch):
    students = [Student(f"s{n}", f"S{n}", 100.0) for n in range(80)]  # the service remembers 64
    for student in students:
        kept(store, student.visitor, 101.0)
    wall = wall_of(store)
    first = wall.entries(CLASSROOM, students)
    monkeypatch.setattr(RunStore, "read", lambda *_: pytest.fail("read again"))
    again = wall.entries(CLASSROOM, students)
    assert [entry.card for entry in again] == [entry.card for entry in first]
    assert all(entry.card is not None for entry in again)


class CountingService:
    """A service without runs that counts how often it is asked for some."""

    def __init__(self):
        self.asked = []

    def runs_of(self, owners):
        self.asked.append(sorted(owners))
        return []


@pytest.fixture
def counted():
    """A service that counts, its wall, and the wall's clock, whose time a test sets."""
    service, clock = CountingService(), SimpleNamespace(time=0.0)
    return service, Wall(service, now=lambda: clock.time), clock


def test_the_runs_of_a_whole_class_are_one_question(counted):
    service, wall, _ = counted
    found = wall.entries(CLASSROOM, [ADA, BOB, CEM])
    assert [(entry.student, entry.runs) for entry in found] == [(ADA, 0), (BOB, 0), (CEM, 0)]
    assert service.asked == [["ada", "bob", "cem"]]


def test_the_back_row_sees_a_students_figures_while_a_new_run_begins(store, wall_of):
    old = kept(store, "ada", 200.0, 21.0)
    kept(store, "ada", 300.0, 19.0, spec=change(DIGITS, latent_dim=4))
    kept(store, "ada", 400.0, status="failed", metrics=())
    (entry,) = wall_of(store).entries(CLASSROOM, [ADA])
    assert entry.card is not None
    assert (entry.card.psnr, entry.sizes) == (None, ((4, 19.0), (16, 21.0)))
    assert entry.for_the_back_row(None).card.psnr == 19.0
    race = Challenge(8, "digits", 8, 150.0)
    assert entry.for_the_back_row(race).card is None  # without the challenge no run was in it
    raced = replace(CLASSROOM, challenge=race)
    (entry,) = wall_of(store).entries(raced, [ADA])
    shown = entry.for_the_back_row(race)
    assert shown.card is not None
    assert (shown.card.latent_dim, shown.sizes) == (4, ())
    assert shown.card.run.id != old  # it has too many numbers


def test_however_many_look_the_entries_are_made_twice_a_second(counted):
    service, wall, clock = counted
    for clock.time in np.arange(0.0, 2.0, 0.01):
        wall.entries(CLASSROOM, [ADA, BOB])
    assert len(service.asked) == 4


def test_a_hundred_that_look_at_once_wait_for_the_same_entries():
    service = CountingService()
    wall = Wall(service, now=lambda: 0.0)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: wall.entries(CLASSROOM, [ADA, BOB]), range(100)))
    assert len(service.asked) == 1
    assert all(entries == found[0] for entries in found)


def test_a_change_of_the_class_is_seen_at_once(counted):
    service, wall, _ = counted
    for classroom, students in (
        (CLASSROOM, [ADA]),
        (CLASSROOM, [ADA, BOB]),
        (replace(CLASSROOM, cleared=5.0), [ADA, BOB]),
        (replace(CLASSROOM, code="BBBBB"), [ADA, BOB]),
    ):
        assert [entry.student for entry in wall.entries(classroom, students)] == students
    assert len(service.asked) == 4


LATENT_8 = change(DIGITS, latent_dim=8)


def challenged(store, wall_of, students=(ADA, BOB, CEM)):
    classroom = replace(CLASSROOM, challenge=Challenge(8, "digits", 8, begun=200.0))
    found = standings(wall_of(store).entries(classroom, students))
    return [(each.rank, each.student.nickname, each.card.psnr) for each in found]


def test_the_best_run_of_each_student_is_ranked_by_held_out_psnr(store, wall_of):
    kept(store, "ada", 201.0, 21.0, spec=LATENT_8)
    kept(store, "ada", 202.0, 19.0, spec=LATENT_8)
    kept(store, "bob", 201.0, 22.0, "stopped", spec=LATENT_8)
    kept(store, "cem", 201.0, 20.0, spec=LATENT_8)
    assert challenged(store, wall_of) == [(1, "Bob", 22.0), (2, "Ada", 21.0), (3, "Cem", 20.0)]


def test_of_runs_that_look_equal_fewer_numbers_lead_and_the_others_share_a_rank(store, wall_of):
    kept(store, "ada", 201.0, 20.04, spec=LATENT_8)
    kept(store, "bob", 205.0, 20.0, spec=change(DIGITS, latent_dim=4))
    kept(store, "cem", 200.5, 19.96, spec=LATENT_8)
    kept(store, "dan", 200.5, 19.9, spec=LATENT_8)
    students = (ADA, BOB, CEM, Student("dan", "Dan", 0.0))
    ranks = [(rank, name) for rank, name, _ in challenged(store, wall_of, students)]
    assert ranks == [(1, "Bob"), (2, "Cem"), (2, "Ada"), (4, "Dan")]


@pytest.mark.parametrize(
    ("created", "status", "spec", "metrics"),
    [
        (199.0, "finished", LATENT_8, None),  # begun before the challenge
        (201.0, "failed", LATENT_8, None),
        (201.0, "finished", change(LATENT_8, latent_dim=9), None),
        (201.0, "finished", change(LATENT_8, image_size=16), None),
        (201.0, "finished", change(preset("toy-faces-vae"), latent_dim=8), None),
        (201.0, "finished", LATENT_8, history(40.0, name="psnr")),  # nothing held out
        (201.0, "finished", LATENT_8, (OTHERS | {"loss": 0.0, "val_psnr": math.inf},)),
        (201.0, "stopped", LATENT_8, ()),
    ],
)
def test_other_runs_take_no_part(store, wall_of, created, status, spec, metrics):
    kept(store, "ada", created, 40.0, status, spec=spec, metrics=metrics)
    kept(store, "bob", 201.0, 10.0, spec=LATENT_8)
    assert challenged(store, wall_of) == [(1, "Bob", 10.0)]


@pytest.mark.parametrize("channels", [1, 3])
def test_gray_runs_and_runs_in_colour_take_no_part_in_each_other_s_challenge(
    store, wall_of, channels
):
    faces = change(preset("toy-faces-vae"), latent_dim=8)
    for owner, colours in (("ada", 1), ("bob", 3)):
        kept(store, owner, 201.0, 20.0 + colours, spec=change(faces, channels=colours))
    challenge = Challenge(8, "toy-faces", 64, 200.0, channels)
    classroom = replace(CLASSROOM, challenge=challenge)
    entries = wall_of(store).entries(classroom, (ADA, BOB))
    assert [each.card.psnr for each in standings(entries)] == [20.0 + channels]
    spec, name = challenge_preset(challenge, ClassLimits())
    assert (name, spec.channels) == ("toy-faces-vae", channels)


def test_without_a_challenge_nobody_leads(store, wall_of):
    kept(store, "ada", 201.0, spec=LATENT_8)
    entries = wall_of(store).entries(CLASSROOM, [ADA])
    assert standings(entries) == []
    assert [each.student for each in newest_ranked(entries)] == [ADA]


@given(st.integers(0, 2000))
def test_a_curve_has_few_points_and_ends_at_the_newest_epoch(epochs):
    metrics = tuple({"loss": float(e), "psnr": -float(e)} for e in range(1, epochs + 1))
    curve = RunCard.of(Snapshot("x", DIGITS, "", "", "running", history=metrics), 0.0).curve
    assert len(curve) <= MAX_POINTS
    numbers = [epoch for epoch, _, _ in curve]
    assert numbers == sorted(set(numbers))
    if epochs:
        assert (numbers[0], numbers[-1]) == (1, epochs)
    for epoch, loss, psnr in curve:
        assert loss == -psnr == pytest.approx(epoch, rel=1e-3)


@pytest.mark.parametrize("side", [8, 28, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_reduced_by_averaging_and_stay_few(side, channels):
    rng = np.random.default_rng(side)
    rows = rng.integers(0, 256, (3, 8, side, side, channels), np.uint8)
    noisy = change(DIGITS, noise_kind="gaussian", noise_amount=0.1)
    shot = Snapshot("x", noisy, "", "", "running", history=({"loss": 1.0},), pictures=rows)
    seen = RunCard.of(shot, 0.0).images
    assert seen.dtype == np.uint8
    assert max(seen.shape[2:4]) <= MAX_SIDE
    assert seen.nbytes <= max(MAX_BYTES, 2 * MAX_SIDE**2 * channels)
    factor = side // seen.shape[2]
    for row, at in ((0, 0), (-1, 1)):  # originals and reconstructions, not what is between
        block = rows[row, 0, :factor, :factor].reshape(-1, channels).mean(axis=0)
        np.testing.assert_allclose(seen[0, at, 0, 0], block, atol=0.51)


def test_before_the_first_epoch_there_is_nothing_to_see():
    rows = np.zeros((1, 8, 8, 8, 1), np.uint8)
    card = RunCard.of(Snapshot("x", DIGITS, "", "", "starting", pictures=rows), 0.0)
    assert (len(card.images), card.psnr, card.loss, card.curve) == (0, None, None, ())


def unpacked(data):
    (length,) = struct.unpack("<I", data[:4])
    return json.loads(data[4 : 4 + length]), data[4 + length :]


NICKNAMES = ("<img src=x onerror=alert(1)>", "**bold**", "=1+1", '"}\u2028', "Zoë 💡")


def test_a_wall_is_read_back_and_tells_no_visitor(store, wall_of):
    students = [Student(f"visitor-{n}", name, 100.0) for n, name in enumerate(NICKNAMES)]
    for n, student in enumerate(students[1:]):
        kept(store, student.visitor, 101.0, 20.0 + n)
    entries = wall_of(store).entries(CLASSROOM, students)
    words = {"stop": "Stop"}
    best = newest_ranked(entries)
    about, pixels = unpacked(pack(entries, words=words, mine=students[1].id, best=best))
    assert [student["name"] for student in about["students"]] == list(NICKNAMES)
    assert (about["words"], about["mine"], about["view"]) == (words, students[1].id, "student")
    assert [student["leads"] for student in about["students"]] == [False] * 4 + [True]
    assert about["podium"] == []
    assert "run" not in about["students"][0]
    for told, entry in zip(about["students"][1:], entries[1:], strict=True):
        at = told["run"]["pictures"]
        size = at["count"] * 2 * at["side"] ** 2 * at["channels"]
        assert pixels[at["begin"] : at["begin"] + size] == entry.card.images.tobytes()
        assert told["run"]["psnr"] == entry.card.psnr
    packed = json.dumps(about)
    about, pixels = unpacked(pack(entries, words=words, best=best[:2], view="projector"))
    for told, standing in zip(about["podium"], best[:2], strict=True):
        assert (told["rank"], told["id"]) == (standing.rank, standing.student.id)
        begin = told["pictures"]["begin"]
        shown = standing.card.images.tobytes()
        assert pixels[begin : begin + len(shown)] == shown
    packed += json.dumps(about)
    assert "visitor-" not in packed
    assert not any(entry.card.run.id in packed for entry in entries if entry.card)


def test_only_the_teacher_s_wall_names_runs(store, wall_of):
    run_id = kept(store, "ada", 101.0)
    entries = wall_of(store).entries(CLASSROOM, [ADA])
    about, _ = unpacked(pack(entries, words={}, view="teacher"))
    assert about["students"][0]["run"]["id"] == run_id
    assert run_id.encode() not in pack(entries, words={})


def test_a_student_takes_at_most_four_kilobytes():
    rows = np.zeros((2, 8, 64, 64, 1), np.uint8)
    metrics = tuple({"val_loss": math.pi / e, "val_psnr": math.e * e} for e in range(1, 2001))
    shot = Snapshot("x" * 12, DIGITS, "", "", "running", history=metrics, pictures=rows)
    entry = WallEntry(Student("v", "W" * 30, 1.0), RunCard.of(shot, 1.0), 99)
    assert len(pack([entry], words={}, view="teacher")) - len(pack([], words={})) <= 4096


def test_a_card_of_the_same_epoch_follows_status_and_place():
    shot = Snapshot("x", DIGITS, "", "", "queued", position=3)
    later = RunCard.of(shot, 5.0).in_same_epoch(replace(shot, status="starting", position=0))
    assert (later.run.status, later.run.position, later.created) == ("starting", 0, 5.0)


def rows_of(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_table_has_one_line_a_run_and_numbers_stay_numbers(store, wall_of):
    spec = change(preset("toy-faces-vae"), latent_dim=5)
    kept(
        store,
        "ada",
        86_400.0,
        -3.5,
        spec=spec,
        metrics=(OTHERS | {"loss": -12.5, "val_psnr": -3.5},),
    )
    student = replace(ADA, joined=0.0)
    (card,) = wall_of(store).cards(CLASSROOM, student)
    (row,) = rows_of(
        table([(student, replace(card, run=replace(card.run, preset="toy-faces-vae")))])
    )
    assert tuple(row) == COLUMNS
    assert (row["nickname"], row["begun"], row["preset"]) == (
        "Ada",
        "1970-01-02 00:00:00",
        "toy-faces-vae",
    )
    assert (float(row["psnr"]), float(row["loss"]), int(row["numbers"])) == (-3.5, -12.5, 5)
    assert row["changed_settings"] == "latent_dim=5; channels=3"


NICKNAME = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
    | st.sampled_from("=+-@＝＠;,|\"'\t\r\n "),
    min_size=1,
)
NUMBER = re.compile(r"-?\d+([.,]\d+)?(e[+-]\d+)?")


@given(NICKNAME, st.sampled_from(["en", "de"]))
@example("a;=cmd|' /C calc'!A0;b", "en")
@example("a,=cmd|' /C calc'!A0,b", "de")
@example('"=1+1', "en")
def test_no_spreadsheet_finds_a_formula_in_a_table_and_text_stays(nickname, language):
    shot = Snapshot("x", DIGITS, "", "", "queued")
    card = replace(RunCard.of(shot, 0.0), psnr=-3.456, loss=-0.000123456)
    text = table([(Student("v", nickname, 0.0), card)], language).decode("utf-8-sig")
    for cell in re.split(r"[;,|\"\t\r\n]", text):  # as any spreadsheet may separate cells
        typed = cell.strip()
        assert not typed.startswith(tuple("=+-@＝＋－＠")) or NUMBER.fullmatch(typed)
    _, row = csv.reader(io.StringIO(text, newline=""), delimiter=";" if language == "de" else ",")
    assert len(row) == len(COLUMNS)
    assert row[0].replace("'", "") == nickname.replace("'", "")


@pytest.mark.parametrize(
    ("language", "between", "psnr", "loss"),
    [("en", ",", "-3.46", "-0.0001235"), ("de", ";", "-3,46", "-0,0001235")],
)
def test_a_table_opens_in_the_spreadsheet_of_a_language(language, between, psnr, loss):
    shot = Snapshot("x", DIGITS, "", "", "queued")
    card = replace(RunCard.of(shot, 0.0), psnr=-3.456, loss=-0.000123456)
    text = table([(Student("v", "Ada", 0.0), card)], language).decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(text, newline=""), delimiter=between)
    found = dict(zip(head, row, strict=True))
    assert tuple(head) == COLUMNS
    assert (found["nickname"], found["psnr"], found["loss"]) == ("Ada", psnr, loss)


def test_a_number_that_is_unknown_is_an_empty_cell():
    card = RunCard.of(Snapshot("x", DIGITS, "", "", "queued"), 0.0)
    (row,) = rows_of(table([(Student("v", "Ada", 0.0), card)]))
    assert (row["psnr"], row["loss"]) == ("", "")


@pytest.mark.thorough
def test_real_runs_are_seen_held_let_go_and_stopped(service):
    book, wall = ClassroomService(service.store.database), Wall(service, now=count().__next__)
    classroom, _ = book.open_class("eve")
    ada, bob = book.join(classroom.code, "ada", "Ada"), book.join(classroom.code, "bob", "Bob")
    long = service.submit(change(DIGITS, epochs=2000), "ada", "digits-dense")
    waiting = service.submit(change(DIGITS, epochs=1), "bob", "digits-dense")
    service.wait_until(long, lambda run: run.epoch >= 2, 120)
    first, second = wall.entries(classroom, [ada, bob])
    assert (first.card.run.id, first.card.run.status, first.card.run.live) == (
        long,
        "running",
        True,
    )
    assert first.card.epoch >= 2
    assert len(first.card.images) == 4
    queued = second.card.run
    assert (queued.id, queued.status, queued.position) == (waiting, "queued", 1)
    wall.pause([bob])  # not Ada's
    assert service.snapshot(long).status == "running"
    wall.pause([ada, bob])
    paused = service.wait_until(long, lambda run: run.status == "paused", 60)
    assert wall.entries(classroom, [ada])[0].card.run.status == "paused"
    wall.resume([ada, bob])
    service.wait_until(long, lambda run: run.epoch > paused.epoch, 60)
    wall.stop([bob], long)  # nobody's of this class
    assert service.snapshot(long).status == "running"
    wall.stop([ada, bob], long)
    service.wait_until(long, lambda run: run.status == "stopped", 60)
    service.wait_until(waiting, lambda run: run.status == "finished", 60)
    statuses = [entry.card.run.status for entry in wall.entries(classroom, [ada, bob])]
    assert statuses == ["stopped", "finished"]
    wall.pause([ada, bob])
    wall.stop([ada, bob], long)  # what has ended stays as it is
    assert service.snapshot(long).status == "stopped"
