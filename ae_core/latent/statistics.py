"""What the codes of a set are like: how they are used, where they lie, and others like them.

It knows arrays only, not the network that drew the codes. N pictures, D latent dimensions;
codes are (N, D) float32, the means for a variational bottleneck. Divergences are in nats.
"""

from dataclasses import dataclass

import numpy as np

from ae_core.specs import LIMITS

ACTIVE = 0.01  # Burda et al. 2015, arXiv 1509.00519: a unit that varies more than this is active
SHARES = (0.01, 0.25, 0.5, 0.75, 0.99)  # of the codes, below each of the `quantiles`
REACH = 3  # times the usual distance between neighbours: still near
BLOCK = 16  # directions that the search for principal components keeps
ROUNDS = 30  # of that search
JITTER = 1e-7  # of the mean variance, added to each: codes may fill fewer than D dimensions


def gaussian_kl(mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """Return KL(N(μ, σ²) ‖ N(0, 1)) of each number of a code in nats (arXiv 1312.6114, app. B).

    Args:
        mean: (N, D), μ.
        log_var: (N, D), the logarithm of σ².

    Returns:
        (N, D) float64, 0 or more.
    """
    log_var = log_var.astype(np.float64)
    return np.asarray((np.square(mean, dtype=np.float64) + np.expm1(log_var) - log_var) / 2)


def importance(mean: np.ndarray, log_var: np.ndarray | None) -> np.ndarray:
    """Return how much each latent dimension tells of the pictures, (D,) float64, 0 or more.

    Args:
        mean: codes (N, D).
        log_var: (N, D) for a variational bottleneck, which is measured by the mean KL in nats;
            None for any other, which is measured by the variance of the codes.
    """
    if log_var is None:
        return np.asarray(mean.var(axis=0, dtype=np.float64))
    return np.asarray(gaussian_kl(mean, log_var).mean(axis=0))


def order(importance: np.ndarray) -> np.ndarray:
    """Return the latent dimensions (D,), the most important first, equal ones as they come."""
    return np.argsort(-importance, kind="stable")


def in_use(mean: np.ndarray) -> np.ndarray:
    """Return (D,) bool: which numbers of the codes (N, D) have a variance over ACTIVE."""
    return np.asarray(mean.var(axis=0, dtype=np.float64) > ACTIVE)


def quantiles(codes: np.ndarray) -> np.ndarray:
    """Return (5, D) float32: below which number SHARES of the codes (N, D) are."""
    return np.quantile(codes, SHARES, axis=0).astype(np.float32)


@dataclass(frozen=True)
class Plane:
    """The plane in which codes are drawn as points.

    Attributes:
        mean: (D,) float32, where the plane's origin is.
        axes: (2, D) float32, orthonormal rows; the second is zeros if D is 1.
    """

    mean: np.ndarray
    axes: np.ndarray

    @classmethod
    def fit(cls, codes: np.ndarray) -> "Plane":
        """Fit to codes (N, D): the first two principal components, or the codes' own axes.

        Codes of 1 or 2 numbers are drawn as they are. For more, the largest entry of each axis
        is positive, so that the same codes are always drawn the same way round.
        """
        latent_dim = codes.shape[1]
        if latent_dim <= 2:
            return cls(np.zeros(latent_dim, np.float32), np.eye(2, latent_dim, dtype=np.float32))
        mean = codes.mean(axis=0, dtype=np.float64)
        axes = _principal(codes - mean)
        axes *= np.sign(axes[[0, 1], np.abs(axes).argmax(axis=1)])[:, np.newaxis]
        return cls(mean.astype(np.float32), axes.astype(np.float32))

    def flat(self, codes: np.ndarray) -> np.ndarray:
        """Return the points (N, 2) float32 of codes (N, D)."""
        return np.asarray((codes - self.mean) @ self.axes.T, np.float32)


def nearness(points: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return (M,) float64: how far points (M, 2) are from the nearest of the codes (N, 2)."""
    return _distances(points, codes, 1)[:, 0]


def reach(codes: np.ndarray) -> float:
    """Return the distance from codes (N, 2) below which a point counts as near.

    REACH times the distance that 95 % of the codes keep from their nearest neighbour. Codes in
    one place count once; if all are in one place, nothing says what is far, and it is infinite.
    """
    places = np.unique(codes, axis=0)
    if len(places) < 2:
        return np.inf
    return float(REACH * np.percentile(_distances(places, places, 2)[:, 1], 95))


def holes(points: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return (M,) bool: which points (M, 2) are farther than `reach` from all codes (N, 2)."""
    return nearness(points, codes) > reach(codes)


@dataclass(frozen=True)
class Gaussian:
    """A normal distribution of codes.

    Attributes:
        mean: (D,) float32.
        factor: (D, D) float32, lower triangular; times its transpose it is the covariance.
    """

    mean: np.ndarray
    factor: np.ndarray

    @classmethod
    def fit(cls, codes: np.ndarray) -> "Gaussian":
        """Fit to codes (N, D), also to fewer than D of them or to numbers that never change."""
        mean = codes.mean(axis=0, dtype=np.float64)
        covariance = (codes - mean).T @ (codes - mean) / len(codes)
        jitter = JITTER * float(covariance.diagonal().mean()) + 1e-12
        factor = np.linalg.cholesky(covariance + jitter * np.eye(len(mean)))
        return cls(mean.astype(np.float32), factor.astype(np.float32))

    @classmethod
    def standard(cls, latent_dim: int) -> "Gaussian":
        """Return N(0, I), the prior of a variational bottleneck (arXiv 1312.6114)."""
        return cls(np.zeros(latent_dim, np.float32), np.eye(latent_dim, dtype=np.float32))

    def sample(self, rng: np.random.Generator, count: int, temperature: float = 1.0) -> np.ndarray:
        """Draw codes (count, D) float32.

        Args:
            rng: the same generator state, the same codes.
            count: how many.
            temperature: what standard deviations are multiplied by; 0 draws the mean.

        Raises:
            ValueError: the temperature is not between 0 and 3.
        """
        LIMITS["temperature"].check("temperature", temperature)
        normal = rng.standard_normal((count, len(self.mean)), np.float32)
        return np.asarray(self.mean + temperature * (normal @ self.factor.T), np.float32)


def reparameterised(
    rng: np.random.Generator, mean: np.ndarray, log_var: np.ndarray, count: int
) -> np.ndarray:
    """Draw codes (count, D) float32 of one picture: μ + σ·ε, ε ~ N(0, I).

    Section 2.4 of arXiv 1312.6114; `mean` is μ and `log_var` the logarithm of σ², both (D,).
    """
    normal = rng.standard_normal((count, len(mean)), np.float32)
    return np.asarray(mean + np.exp(log_var / 2) * normal, np.float32)


def _principal(centred: np.ndarray) -> np.ndarray:
    """Return (2, D), the first two principal components of centred codes (N, D).

    Subspace iteration (Halko et al. 2009, arXiv 0909.4061): exact up to BLOCK dimensions, much
    faster than all components of many, and content with a single code.
    """
    covariance = centred.T @ centred / len(centred)
    shape = (len(covariance), min(len(covariance), BLOCK))
    basis = np.linalg.qr(np.random.default_rng(0).standard_normal(shape))[0]
    for _ in range(ROUNDS):
        basis = np.linalg.qr(covariance @ basis)[0]
    vectors = np.linalg.eigh(basis.T @ covariance @ basis)[1]  # the greatest comes last
    return np.asarray((basis @ vectors[:, :-3:-1]).T)


def _distances(points: np.ndarray, codes: np.ndarray, count: int) -> np.ndarray:
    """Return (M, count): how far the nearest codes (N, 2) are from points (M, 2)."""
    from sklearn.neighbors import KDTree

    return np.asarray(KDTree(codes).query(points, count)[0])
