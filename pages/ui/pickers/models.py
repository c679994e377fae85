"""The trained models that a visitor can use: pretrained ones and runs."""

from dataclasses import dataclass

from ae_core.data.loading import card
from ae_core.errors import UnknownThing
from ae_core.models.inference import DenoiserFile, ModelFile
from ae_core.models.pretrained import cards
from ae_core.runs.snapshot import Snapshot
from ae_core.specs import DenoiserSpec, TrainingSpec
from pages.ui.backend.service import service, snapshots_of
from pages.ui.i18n.names import model_title
from pages.ui.i18n.text import text
from pages.ui.i18n.wording import run_name
from pages.ui.state.session import visitor

MAX_RUNS = 20


@dataclass(frozen=True)
class TrainedAutoencoder:
    """A pretrained autoencoder or a visitor's run.

    Attributes:
        id: its id in links: a pretrained model's name or a run's id.
        title: its title for display.
        origin: its origin in words.
        file: its spec and its weights.
        in_training: whether the weights still change.
    """

    id: str
    title: str
    origin: str
    file: ModelFile
    in_training: bool = False

    @property
    def spec(self) -> TrainingSpec:
        """The spec that was trained."""
        return self.file.spec


@dataclass(frozen=True)
class TrainedDenoiser:
    """A denoiser that comes with the app; see `TrainedAutoencoder`."""

    id: str
    title: str
    file: DenoiserFile

    @property
    def spec(self) -> DenoiserSpec:
        """The spec that was trained."""
        return self.file.spec


def denoising_models(linked: str = "") -> dict[str, TrainedAutoencoder | TrainedDenoiser]:
    """Return the models that can remove noise: denoisers, then denoising and other autoencoders.

    Raises:
        UnknownThing: see `models`.
    """
    denoisers = {
        name: TrainedDenoiser(name, model_title(each), file)
        for name, each in cards().items()
        if isinstance(file := each.model_file(), DenoiserFile)
    }
    others = models(linked if linked not in denoisers else "")
    by_use = sorted(others.values(), key=lambda model: not model.spec.corruption.active)
    return {**denoisers, **{model.id: model for model in by_use}}


def squeezing_models() -> list[TrainedAutoencoder]:
    """Return the autoencoders of the app that were trained to remove noise from faces."""
    return [
        each
        for each in pretrained_autoencoders().values()
        if each.spec.corruption.active and card(each.spec.image_set).kind == "faces"
    ]


def models(linked: str = "") -> dict[str, TrainedAutoencoder]:
    """Return the available autoencoders by id, the visitor's own newest runs first.

    Args:
        linked: a run's id from a link: everybody with the link may use the run.

    Raises:
        UnknownThing: ``linked`` is neither a pretrained model nor a run with weights.
    """
    runs = snapshots_of(service().runs(visitor())[:MAX_RUNS])
    pretrained = pretrained_autoencoders()
    if linked and linked not in pretrained:
        snapshot = service().snapshot(linked)
        if not service().store.has_weights(linked):
            raise _without_weights(snapshot)
        runs = [snapshot, *(run for run in runs if run.id != linked)]
    found = {run.id: trained_run(run) for run in runs if service().store.has_weights(run.id)}
    return found | pretrained


def _without_weights(run: Snapshot) -> UnknownThing:
    """Return the error that says why a run has no weights."""
    if service().store.has_damaged_weights(run.id):
        return UnknownThing("run_weights_damaged", id=run.id)
    if run.live:
        return UnknownThing("run_weights_later", id=run.id)
    return UnknownThing("unknown_run" if run.epoch else "run_weights", id=run.id)


def pretrained_autoencoders() -> dict[str, TrainedAutoencoder]:
    """Return the autoencoders that come with the app, by name."""
    origin = text("model.origin.app")
    return {
        name: TrainedAutoencoder(name, model_title(each), origin, file)
        for name, each in cards().items()
        if isinstance(file := each.model_file(), ModelFile)
    }


def file_of(run: Snapshot) -> ModelFile:
    """Return the model file of a run, whose weights must be in the run store."""
    path = service().store.folder(run.id) / "weights.npz"
    version = path.stat().st_mtime_ns + card(run.spec.image_set).revision
    return ModelFile(run.spec, str(path.resolve()), version)


def trained_run(run: Snapshot) -> TrainedAutoencoder:
    """Return the model of a run, whose weights must be in the run store."""
    origin = text("model.origin.training" if run.live else "model.origin.here")
    title = text("model.run", name=run_name(run))
    return TrainedAutoencoder(run.id, title, origin, file_of(run), run.live)
