"""The trained autoencoders that a visitor can use: pretrained ones and finished runs."""

from dataclasses import dataclass

from ae_core.data.loading import card
from ae_core.data.user_image_sets import revision
from ae_core.errors import UnknownThing
from ae_core.models.inference import ModelFile
from ae_core.models.pretrained import Card, cards
from ae_core.runs.snapshot import Snapshot
from ae_core.specs import DenoiserSpec, TrainingSpec, to_json
from pages.ui.backend.service import service, snapshots_of
from pages.ui.i18n.names import model_title
from pages.ui.i18n.text import text
from pages.ui.i18n.wording import run_name
from pages.ui.state.session import visitor

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
        in_training: whether they still change.
    """

    id: str
    title: str
    origin: str
    spec: TrainingSpec | DenoiserSpec
    file: ModelFile
    in_training: bool = False


def denoising_models(linked: str = "") -> dict[str, TrainedModel]:
    """Return what can remove noise: the denoisers, then all autoencoders, those trained to first.

    Raises:
        UnknownThing: see `models`.
    """
    found = {
        name: _of_card(each)
        for name, each in cards().items()
        if isinstance(each.spec, DenoiserSpec)
    }
    others = models(linked if linked not in found else "")
    by_use = sorted(others.values(), key=lambda model: not model.spec.corruption.active)
    return found | {model.id: model for model in by_use}


def squeezing_models() -> list[TrainedModel]:
    """Return the autoencoders of the app that were trained to remove noise from faces."""
    return [
        _of_card(each)
        for each in cards().values()
        if isinstance(each.spec, TrainingSpec)
        and each.spec.corruption.active
        and card(each.spec.image_set).kind == "faces"
    ]


def models(linked: str = "") -> dict[str, TrainedModel]:
    """Return the autoencoders that can be used, the visitor's own newest runs first, by id.

    Args:
        linked: a run's id from a link: whoever has the link may use the run.

    Raises:
        UnknownThing: ``linked`` is neither a pretrained model nor a run with weights.
    """
    found: dict[str, TrainedModel] = {}
    runs = snapshots_of(service().runs(visitor())[:MOST_RUNS])
    pretrained = {n: each for n, each in cards().items() if isinstance(each.spec, TrainingSpec)}
    if linked and linked not in pretrained:
        snapshot = service().snapshot(linked)
        if not service().store.has_weights(linked):
            raise UnknownThing("unknown_run", id=linked)
        runs = [snapshot, *(run for run in runs if run.id != linked)]
    for run in runs:
        if service().store.has_weights(run.id):
            found[run.id] = _of_run(run)
    return found | {name: _of_card(each) for name, each in pretrained.items()}


def _of_card(found: Card) -> TrainedModel:
    return TrainedModel(
        found.name, model_title(found), text("model.origin.app"), found.spec, found.model_file()
    )


def file_of(run: Snapshot) -> ModelFile:
    """Return where the weights of a run are; the run store has some."""
    path = service().store.folder(run.id) / "weights.npz"
    version = path.stat().st_mtime_ns + revision(run.spec.image_set)
    return ModelFile(to_json(run.spec), str(path.resolve()), version)


def _of_run(run: Snapshot) -> TrainedModel:
    origin = text("model.origin.training" if run.live else "model.origin.here")
    title = text("model.run", name=run_name(run))
    return TrainedModel(run.id, title, origin, run.spec, file_of(run), run.live)
