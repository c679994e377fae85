"""The latent profile of a trained model: the distribution of its codes, and a map of them.

D latent dimensions; K directions.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ae_core.data.catalog import ImageSetCard
from ae_core.latent import interpolation, statistics
from ae_core.latent.effects import VISIBLE, Decode, dimension_effects, direction_effects
from ae_core.latent.statistics import Gaussian, Projection2D

CELLS = 48  # per side of a map, S
MARGIN = 0.06  # margin of a map around its points, as a share of their spread
_TUPLES = ("direction_names", "label_names", "match_seeds")
_FLOAT16 = ("codes", "factor")  # large arrays that need not be exact
_OLD_NAMES = {
    "counted": "count",
    "in_use": "active_units",
    "plane": "projection",
    "holes": "low_density",
}


@dataclass(frozen=True)
class LatentProfile:
    """Statistics of the codes of training images, and the codes of test images.

    Attributes:
        variational: whether the encoder gives a distribution for each image.
        count: the number of encoded training images.
        kl: (D,), the mean of KL(N(μ, σ²) ‖ N(0, 1)) over these images in nats, None if not
            variational.
        effects: (D,), how much the image changes along each dimension, see
            `ae_core.latent.effects`.
        active_units: (D,) bool, see `ae_core.latent.statistics.active_units`.
        quantiles: (5, D) at `ae_core.latent.statistics.QUANTILES`.
        mean: (D,), the mean of the training codes.
        factor: (D, D), the factor of the normal distribution fitted to them, see `Gaussian`.
        projection: the projection of the map, fitted to the training codes.
        extent: left, right, bottom, top of the map in the projection.
        low_density: (S, S) bool from bottom to top: cells of the map far from any training code.
        directions: (K, D), the change of the code for each attribute, see
            `ae_core.latent.interpolation`.
        direction_names: the K attributes or classes.
        direction_effects: (K,), how much the image of the mean code changes along each direction.
        attributes: whether the directions are those of attributes, which an image has more or
            less of; otherwise they are those of classes.
        codes: (N, D), codes of test images; empty if they must not be shown.
        labels: (N,) class numbers or (N, F) factors of these images, or None.
        label_names: the classes or factors.
        match_seeds: the targets that "match the target" offers, see `ae_core.latent.match`; empty
            if it offers any.
    """

    variational: bool
    count: int
    kl: np.ndarray | None
    effects: np.ndarray
    active_units: np.ndarray
    quantiles: np.ndarray
    mean: np.ndarray
    factor: np.ndarray
    projection: Projection2D
    extent: np.ndarray
    low_density: np.ndarray
    directions: np.ndarray
    direction_names: tuple[str, ...]
    direction_effects: np.ndarray
    attributes: bool
    codes: np.ndarray
    labels: np.ndarray | None
    label_names: tuple[str, ...]
    match_seeds: tuple[int, ...] = ()

    @classmethod
    def fit(
        cls,
        train: tuple[np.ndarray, np.ndarray | None],
        train_labels: np.ndarray | None,
        test_codes: np.ndarray,
        test_labels: np.ndarray | None,
        label_names: tuple[str, ...],
        decode: Decode,
        card: ImageSetCard | None = None,
    ) -> "LatentProfile":
        """Compute the profile of a model.

        Args:
            train: codes (N, D) of training images and their log variances, None if not variational.
            train_labels: (N,) class numbers or (N, F) factors of these, or None.
            test_codes: (M, D) codes of test images.
            test_labels: class numbers or factors of these, or None.
            label_names: the classes or factors.
            decode: the model's decoder, see `ae_core.latent.effects.changes`.
            card: what is known of the factors of its image set.
        """
        mean, log_var = train
        names, directions = label_names, np.zeros((0, mean.shape[1]), np.float32)
        if train_labels is None:
            names = ()
        elif train_labels.ndim == 2:
            directions = _attribute_directions(mean, train_labels, label_names, card)
        else:
            directions = interpolation.class_vectors(mean, train_labels, len(label_names))
        fitted, projection = Gaussian.fit(mean), Projection2D.fit(mean)
        quantiles = statistics.quantiles(mean)
        points = projection.project(mean)
        extent = extent_of(np.concatenate([points, projection.project(test_codes)]))
        return cls(
            variational=log_var is not None,
            count=len(mean),
            kl=None if log_var is None else _mean_kl(mean, log_var),
            effects=dimension_effects(decode, mean, quantiles),
            active_units=statistics.active_units(mean),
            quantiles=quantiles,
            mean=fitted.mean,
            factor=fitted.factor,
            projection=projection,
            extent=extent,
            low_density=statistics.low_density(cells(extent), points).reshape(CELLS, CELLS),
            directions=directions,
            direction_names=names,
            direction_effects=direction_effects(decode, fitted.mean, directions),
            attributes=train_labels is not None and train_labels.ndim == 2,
            codes=test_codes,
            labels=test_labels,
            label_names=label_names,
        )

    @property
    def latent_dim(self) -> int:
        """D."""
        return len(self.mean)

    @property
    def used(self) -> np.ndarray:
        """The dimensions that change the image visibly, those that change it most first."""
        return statistics.order(self.effects)[: int((self.effects >= VISIBLE).sum())]

    @property
    def fitted(self) -> Gaussian:
        """The normal distribution fitted to the training codes."""
        return Gaussian(self.mean, self.factor)

    def without_test_codes(self) -> "LatentProfile":
        """Return the profile without the codes of test images."""
        return replace(self, codes=self.codes[:0], labels=None)

    def to_bytes(self) -> bytes:
        """Write the profile as an .npz file; codes and factor are rounded to float16."""
        buffer = io.BytesIO()
        plane = np.vstack([self.projection.mean, self.projection.axes])
        kept = {**vars(self), "projection": plane}
        arrays: dict[str, Any] = {k: np.asarray(v) for k, v in kept.items() if v is not None}
        arrays |= {name: arrays[name].astype(np.float16) for name in _FLOAT16}
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "LatentProfile":
        """Read the output of `to_bytes`, also with the old names of fields."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            found: dict[str, Any] = {_OLD_NAMES.get(n, n): file[n] for n in file.files}
        found |= {name: found[name].astype(np.float32) for name in _FLOAT16}
        found |= {name: found[name].item() for name in ("variational", "count", "attributes")}
        found["projection"] = Projection2D(found["projection"][0], found["projection"][1:])
        found |= {name: tuple(found[name].tolist()) for name in _TUPLES if name in found}
        return cls(**({"labels": None, "kl": None} | found))


def _attribute_directions(
    codes: np.ndarray, labels: np.ndarray, names: tuple[str, ...], card: ImageSetCard | None
) -> np.ndarray:
    """Return the directions (F, D) of codes (N, D) with factors (N, F).

    Along each, what the code says of its factor rises by 1; of the others, only of its followers.
    """
    followers, reliable = ({}, None) if card is None else (card.followers, card.reliable)
    free = {
        names.index(leader): [names.index(each) for each in others]
        for leader, others in followers.items()
    }
    directions = _directions(codes, labels, free)
    if reliable is not None:
        name, most = reliable
        measured = np.abs(labels[:, names.index(name)]) < most
        ahead = _directions(codes[measured], labels[measured], free)
        ahead[names.index(name)] = directions[names.index(name)]  # those few differ little in it
        return ahead
    return directions


def _directions(
    codes: np.ndarray, labels: np.ndarray, free: Mapping[int, Sequence[int]]
) -> np.ndarray:
    known = interpolation.estimates(codes, labels)
    return interpolation.attribute_vectors(codes, known, free)


def _mean_kl(mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    return statistics.gaussian_kl(mean, log_var).mean(axis=0).astype(np.float32)


def cells(extent: np.ndarray) -> np.ndarray:
    """Return the centres (S², 2) of a map's cells, row by row from the bottom."""
    left, right, bottom, top = extent
    centres = (np.arange(CELLS) + 0.5) / CELLS
    x, y = np.meshgrid(left + centres * (right - left), bottom + centres * (top - bottom))
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def extent_of(points: np.ndarray) -> np.ndarray:
    """Return left, right, bottom, top around points (N, 2) with a margin; the area is never 0."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = MARGIN * (high - low) + 1e-3
    return np.stack([low - margin, high + margin], axis=1).ravel().astype(np.float32)
