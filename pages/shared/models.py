"""The trained autoencoders that a visitor can use: pretrained ones and finished runs."""

from dataclasses import dataclass
from pathlib import Path

from ae_core.inference import ModelFile
from ae_core.pretrained import cards
from ae_core.snapshot import Snapshot
from ae_core.specs import TrainingSpec, to_json
from ae_core.store import UnknownRun
from pages.shared.run_list import snapshots_of
from pages.shared.session import service, visitor
from pages.shared.wording import run_name

MOST_RUNS = 20


@dataclass(frozen=True)
class TrainedModel:
    """One entry of the list.

    Attributes:
        id: in links: a pretrained model's name or a run's id.
        title: for people.
        origin: where it comes from, in words.
        spec: what was trained.
        file: its weights.
    """

    id: str
    title: str
    origin: str
    spec: TrainingSpec
    file: ModelFile


def models(linked: str = "") -> dict[str, TrainedModel]:
    """Return what can be used, the visitor's own newest runs first, by id.

    Args:
        linked: a run's id from a link: whoever has the link may use the run.

    Raises:
        UnknownRun: ``linked`` is neither a pretrained model nor a run with weights.
    """
    found: dict[str, TrainedModel] = {}
    runs = snapshots_of(service().runs(visitor())[:MOST_RUNS])
    if linked and linked not in cards():
        snapshot = service().snapshot(linked)
        if not snapshot.saved:
            raise UnknownRun(linked)
        runs = [snapshot, *(run for run in runs if run.id != linked)]
    for run in runs:
        if run.saved:
            found[run.id] = _of_run(run)
    for name, card in cards().items():
        file = _file(card.spec, card.weights)
        found[name] = TrainedModel(name, card.title, "Comes with the app", card.spec, file)
    return found


def _of_run(run: Snapshot) -> TrainedModel:
    path = service().store.folder(run.id) / "weights.npz"
    file = _file(run.spec, path)
    return TrainedModel(run.id, f"Run: {run_name(run)}", "Trained here", run.spec, file)


def _file(spec: TrainingSpec, path: Path) -> ModelFile:
    return ModelFile(to_json(spec), str(path.resolve()), path.stat().st_mtime_ns)
