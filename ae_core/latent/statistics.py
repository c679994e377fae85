"""Statistics of latent codes: their divergence from N(0, 1), their density, random codes.

N images, D latent dimensions; codes are (N, D) float32, for a variational bottleneck the means.
Divergences are in nats.
"""

from dataclasses import dataclass

import numpy as np

from ae_core.specs import LIMITS

ACTIVE = 0.01  # variance above which a unit is active (Burda et al. 2015, arXiv 1509.00519)
QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)
RADIUS_FACTOR = 3  # times the usual distance between neighbours: this still counts as near
JITTER = 1e-7  # of the mean variance, added to each one: codes may span fewer than D dimensions


def gaussian_kl(mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """Return KL(N(μ, σ²) ‖ N(0, 1)) of each dimension in nats (arXiv 1312.6114, appendix B).

    Args:
        mean: (N, D), μ.
        log_var: (N, D), the logarithm of σ².

    Returns:
        (N, D) float64, 0 or more.
    """
    log_var = log_var.astype(np.float64)
    return np.asarray((np.square(mean, dtype=np.float64) + np.expm1(log_var) - log_var) / 2)


def order(effects: np.ndarray) -> np.ndarray:
    """Return the latent dimensions (D,) by decreasing effects (D,); ties keep their order."""
    return np.argsort(-effects, kind="stable")


def active_units(mean: np.ndarray) -> np.ndarray:
    """Return a mask (D,) of the dimensions of codes (N, D) with a variance above `ACTIVE`."""
    return np.asarray(mean.var(axis=0, dtype=np.float64) > ACTIVE)


def quantiles(codes: np.ndarray) -> np.ndarray:
    """Return the `QUANTILES` of codes (N, D) in each dimension, (5, D) float32."""
    return np.quantile(codes, QUANTILES, axis=0).astype(np.float32)


@dataclass(frozen=True)
class Projection2D:
    """The plane on which a map shows codes as points.

    Attributes:
        mean: (D,) float32, the code at the plane's origin.
        axes: (2, D) float32, orthonormal rows; the second is zeros if D is 1.
    """

    mean: np.ndarray
    axes: np.ndarray

    @classmethod
    def fit(cls, codes: np.ndarray) -> "Projection2D":
        """Fit the plane to codes (N, D): their first two principal components, or their own axes.

        Codes of 1 or 2 dimensions keep their axes. For more dimensions, the largest entry of each
        axis is positive, so that the same codes always give the same map.
        """
        from scipy.linalg import eigh

        latent_dim = codes.shape[1]
        if latent_dim <= 2:
            return cls(np.zeros(latent_dim, np.float32), np.eye(2, latent_dim, dtype=np.float32))
        mean, covariance = _moments(codes)
        axes = eigh(covariance, subset_by_index=[latent_dim - 2, latent_dim - 1])[1].T[::-1]
        axes = axes * np.sign(axes[[0, 1], np.abs(axes).argmax(axis=1)])[:, np.newaxis]
        return cls(mean.astype(np.float32), axes.astype(np.float32))

    def project(self, codes: np.ndarray) -> np.ndarray:
        """Return the points (N, 2) float32 of codes (N, D)."""
        return np.asarray((codes - self.mean) @ self.axes.T, np.float32)


def nn_distance(points: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return the distances (M,) float64 from points (M, 2) to the nearest of the codes (N, 2)."""
    return _distances(points, codes, 1)[:, 0]


def density_radius(codes: np.ndarray) -> float:
    """Return the distance from codes (N, 2) below which a point counts as near.

    It is `RADIUS_FACTOR` times the 95th percentile of the codes' distances to their nearest
    neighbour. Equal codes count once; if all codes are equal, the radius is infinite.
    """
    places = np.unique(codes, axis=0)
    if len(places) < 2:
        return np.inf
    return float(RADIUS_FACTOR * np.percentile(_distances(places, places, 2)[:, 1], 95))


def low_density(points: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return a mask (M,) of the points (M, 2) beyond the `density_radius` of all codes (N, 2)."""
    return nn_distance(points, codes) > density_radius(codes)


def _distances(points: np.ndarray, codes: np.ndarray, count: int) -> np.ndarray:
    """Return the distances (M, count) from points (M, 2) to their nearest codes (N, 2)."""
    from sklearn.neighbors import KDTree

    return np.asarray(KDTree(codes).query(points, count)[0])


@dataclass(frozen=True)
class Gaussian:
    """A normal distribution of codes.

    Attributes:
        mean: (D,) float32.
        factor: (D, D) float32, the covariance's Cholesky factor, lower triangular.
    """

    mean: np.ndarray
    factor: np.ndarray

    @classmethod
    def fit(cls, codes: np.ndarray) -> "Gaussian":
        """Fit to codes (N, D), even if there are fewer than D or some dimensions are constant."""
        mean, covariance = _moments(codes)
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
            rng: the generator; equal states give equal codes.
            count: the number of codes.
            temperature: a factor on the standard deviations; 0 draws the mean.

        Raises:
            UserError: the temperature is not between 0 and 3.
        """
        LIMITS["temperature"].check("temperature", temperature)
        normal = rng.standard_normal((count, len(self.mean)), np.float32)
        return np.asarray(self.mean + temperature * (normal @ self.factor.T), np.float32)


def reparameterize(
    rng: np.random.Generator, mean: np.ndarray, log_var: np.ndarray, count: int
) -> np.ndarray:
    """Draw codes (count, D) float32 of one image: μ + σ·ε, ε ~ N(0, I).

    See arXiv 1312.6114, section 2.4; `mean` is μ and `log_var` the logarithm of σ², both (D,).
    """
    normal = rng.standard_normal((count, len(mean)), np.float32)
    return np.asarray(mean + np.exp(log_var / 2) * normal, np.float32)


def _moments(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (D,) and the covariance (D, D) of codes (N, D), float64."""
    mean = codes.mean(axis=0, dtype=np.float64)
    return mean, (codes - mean).T @ (codes - mean) / len(codes)


def explained(points: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return the share of each factor's variance (F,) that points (N, 2) explain linearly.

    Ranks are compared, because codes need not be linear functions of factors.

    Args:
        points: (N, 2), the codes on a map.
        factors: (N, F).
    """
    from scipy.stats import rankdata

    known, wanted = (rankdata(each, axis=0) - (len(each) + 1) / 2 for each in (points, factors))
    slopes = np.linalg.lstsq(known, wanted, rcond=None)[0]
    left = np.square(wanted - known @ slopes).sum(axis=0)
    every = np.square(wanted).sum(axis=0)
    return np.asarray(1 - left / np.where(every > 0, every, 1) - (every == 0))
