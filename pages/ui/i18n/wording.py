"""Formats settings, runs and numbers for display; contains no widgets."""

from ae_core.data.user_image_sets import is_user_set
from ae_core.runs.snapshot import Snapshot
from ae_core.specs import PRESETS, flatten
from ae_core.specs.noise import NOISES
from pages.ui.i18n.text import lowered, number, text, text_or


def label(name: str) -> str:
    """Return a setting's name for display.

    Raises:
        KeyError: there is no such setting.
    """
    return text(f"settings.label.{name}")


def short_label(name: str) -> str:
    """Return a setting's shortest name, for buttons."""
    return text_or(f"settings.short.{name}", label(name))


def help_of(name: str) -> str | None:
    """Return a setting's help text, None if its label suffices."""
    return text_or(f"settings.help.{name}", "") or None


def in_words(chosen: str | float, setting: str = "") -> str:
    """Return the text of a choice; some settings have their own text for it."""
    choice = str(chosen)
    if is_user_set(choice):
        return text("own.in_short")
    usual = text_or(f"settings.choice.{choice}", choice)
    return text_or(f"settings.{setting}.{choice}", usual)


def amount_in_words(kind: str, amount: float, side: int) -> str:
    """Return an amount of noise in its unit, for images with a given side."""
    noise = NOISES[kind]
    return text(f"settings.noise_amount.{noise.unit}", value=noise.in_unit(amount, side))


def loss_title(loss: str) -> str:
    """Return the title of a loss's curve."""
    return text_or(f"settings.loss_curve.{loss}", in_words(loss))


def status_in_words(status: str) -> str:
    """Return a run's status in words."""
    return text(f"run.status.{status}")


def run_name(snapshot: Snapshot) -> str:
    """Return a distinctive name of a run: its preset's title and the changed settings."""
    spec, preset = flatten(snapshot.spec), snapshot.preset
    known = preset in PRESETS
    name = text(f"preset.{preset}.title") if known else in_words(snapshot.spec.image_set)
    usual = flatten(PRESETS[preset]) if known else spec
    changed = [f"{lowered(label(key))} {set_to(value, key)}"
               for key, value in spec.items() if value != usual[key]]  # fmt: skip
    if not changed:
        changed = [text("run.numbers", count=snapshot.spec.autoencoder.latent_dim)]
    said, more = ", ".join(changed[:3]), len(changed) - 3
    if more > 0:
        return text("run.name_more", preset=name, changes=said, more=more, id=snapshot.id[:4])
    return text("run.name", preset=name, changes=said, id=snapshot.id[:4])


def set_to(value: str | float, key: str) -> str:
    """Return a setting's value in words."""
    if isinstance(value, str) or key == "channels":
        return in_words(value, key)
    if key == "seed":  # a name, not an amount
        return str(value)
    return number(value, "g" if isinstance(value, float) else "")


def duration(seconds: float) -> str:
    """Format a duration, rounded for quick reading, e.g. ``40 s``."""
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    if seconds < 90:
        return f"{round(seconds / 5) * 5} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{number(seconds / 3600, '.1f')} h"


def size(count: int) -> str:
    """Format a number of bytes for quick reading."""
    return f"{number(count, ',')} B" if count < 10_000 else f"{number(count / 1000, '.1f')} kB"
