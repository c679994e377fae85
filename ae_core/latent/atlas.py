"""What is known of the codes of a trained model: how they are spread, and where pictures lie.

It knows codes and labels, not the network. D latent dimensions; K directions.
"""

import io
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ae_core.latent import interpolation, statistics
from ae_core.latent.statistics import Gaussian, Plane

CELLS = 48  # of a map along each side, S
MARGIN = 0.06  # of a map around its points, as a share of their spread
_LARGE = ("codes", "factor")  # and need not be exact: kept as float16


@dataclass(frozen=True)
class Atlas:
    """Measures of the codes of training pictures, and codes of test pictures.

    Attributes:
        variational: whether the model gives a distribution for each picture.
        counted: how many training pictures were encoded.
        importance: (D,) mean KL in nats if variational, else variance; see `latent.importance`.
        in_use: (D,) bool; see `latent.in_use`.
        quantiles: (5, D) at `latent.SHARES`.
        mean: (D,), of the training codes.
        factor: (D, D), of the normal distribution fitted to them; see `latent.Gaussian`.
        plane: in which codes are drawn as points: the training codes' own, see `latent.Plane`.
        extent: left, right, bottom, top of the map, in the plane.
        holes: (S, S) bool from bottom to top: parts of the map with no training code near.
        directions: (K, D), by how much a code moves for an attribute; see
        `ae_core.latent.interpolation`.
        direction_names: of the K attributes.
        codes: (N, D) of test pictures; none where they must not be shown.
        labels: (N,) class numbers or (N, F) factors of these, or None.
        label_names: of the classes or factors.
    """

    variational: bool
    counted: int
    importance: np.ndarray
    in_use: np.ndarray
    quantiles: np.ndarray
    mean: np.ndarray
    factor: np.ndarray
    plane: Plane
    extent: np.ndarray
    holes: np.ndarray
    directions: np.ndarray
    direction_names: tuple[str, ...]
    codes: np.ndarray
    labels: np.ndarray | None
    label_names: tuple[str, ...]

    @property
    def latent_dim(self) -> int:
        """D."""
        return len(self.mean)

    def without_pictures(self) -> "Atlas":
        """Return it without the codes of test pictures."""
        return replace(self, codes=self.codes[:0], labels=None)

    @property
    def fitted(self) -> Gaussian:
        """The normal distribution fitted to the training codes."""
        return Gaussian(self.mean, self.factor)

    def to_bytes(self) -> bytes:
        """Write it as an .npz file; `from_bytes` reads it."""
        buffer = io.BytesIO()
        kept = {**vars(self), "plane": np.vstack([self.plane.mean, self.plane.axes])}
        arrays: dict[str, Any] = {k: np.asarray(v) for k, v in kept.items() if v is not None}
        arrays |= {name: arrays[name].astype(np.float16) for name in _LARGE}
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Atlas":
        """Read what `to_bytes` wrote; codes and factor are rounded to float16."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            found: dict[str, Any] = {name: file[name] for name in file.files}
        found |= {name: found[name].astype(np.float32) for name in _LARGE}
        found |= {name: found[name].item() for name in ("variational", "counted")}
        found["plane"] = Plane(found["plane"][0], found["plane"][1:])
        found |= {name: tuple(found[name].tolist()) for name in ("direction_names", "label_names")}
        return cls(**({"labels": None} | found))


def measure(
    train: tuple[np.ndarray, np.ndarray | None],
    train_labels: np.ndarray | None,
    test_codes: np.ndarray,
    test_labels: np.ndarray | None,
    label_names: tuple[str, ...],
) -> Atlas:
    """Make the atlas of a model.

    Args:
        train: codes (N, D) of training pictures and their log variances, None if not variational.
        train_labels: (N,) class numbers or (N, F) factors in [-1, 1] of these, or None.
        test_codes: (M, D).
        test_labels: of these.
        label_names: of the classes or factors.
    """
    mean, log_var = train
    names, directions = label_names, np.zeros((0, mean.shape[1]), np.float32)
    if train_labels is None:
        names = ()
    elif train_labels.ndim == 2:
        directions = interpolation.attribute_vectors(mean, train_labels)
    else:
        directions = interpolation.class_vectors(mean, train_labels, len(label_names))
    fitted, plane = Gaussian.fit(mean), Plane.fit(mean)
    extent = extent_of(np.concatenate([plane.flat(mean), plane.flat(test_codes)]))
    return Atlas(
        variational=log_var is not None,
        counted=len(mean),
        importance=statistics.importance(mean, log_var).astype(np.float32),
        in_use=statistics.in_use(mean),
        quantiles=statistics.quantiles(mean),
        mean=fitted.mean,
        factor=fitted.factor,
        plane=plane,
        extent=extent,
        holes=statistics.holes(cells(extent), plane.flat(mean)).reshape(CELLS, CELLS),
        directions=directions,
        direction_names=names,
        codes=test_codes,
        labels=test_labels,
        label_names=label_names,
    )


def cells(extent: np.ndarray) -> np.ndarray:
    """Return the middles (S², 2) of a map's cells, row by row from the bottom."""
    left, right, bottom, top = extent
    middles = (np.arange(CELLS) + 0.5) / CELLS
    x, y = np.meshgrid(left + middles * (right - left), bottom + middles * (top - bottom))
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def extent_of(points: np.ndarray) -> np.ndarray:
    """Return left, right, bottom, top around points (N, 2) with a margin; never empty."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = MARGIN * (high - low) + 1e-3
    return np.stack([low - margin, high + margin], axis=1).ravel().astype(np.float32)
