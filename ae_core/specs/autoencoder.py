"""The settings of an autoencoder's network."""

from dataclasses import dataclass

from ae_core.errors import UserError
from ae_core.specs.layers import Layer
from ae_core.specs.limits import check_settings
from ae_core.specs.losses import BOTTLENECKS, Term


@dataclass(frozen=True)
class AutoencoderSpec:
    """An encoder, a code and a decoder; families are combinations of these fields.

    Attributes:
        encoder: layers from the image to the code, without the code's own layer.
        decoder: layers from the code to the image, without the output layer, which is a
            convolution of the kind of the last decoder layer with C filters, or a dense layer
            with H·W·C units.
        latent_dim: D, the latent dimension.
        code_type: ``dense`` (a dense layer of D units makes the code) or ``feature_map`` (the
            encoder's last feature map, flattened, is the code).
        bottleneck: one of `ae_core.specs.losses.BOTTLENECKS`: ``plain``; ``sparse`` (plus an L1
            penalty on the code); ``variational`` (the encoder gives a mean and a log variance,
            arXiv 1312.6114).
        activation: the activation of the hidden layers.
        code_activation: the activation of the code; always linear in a variational bottleneck
            and, for a ``feature_map`` code, the activation of the layer that makes the map.
        output_activation: the activation of the output layer.
        initializer: the initializer of all kernels.
        pca_components: K, 0 for none: a linear layer before the encoder's layers turns pixels into
            K coordinates along the principal components of the training images, and another one
            after the decoder's layers turns K coordinates into pixels; both are fixed. Beside the
            layers, linear shortcuts lead from coordinates to code and from code to coordinates;
            they start as PCA, so that the layers learn the residual.
        dropout: share of the hidden units that are dropped at every training step
            (Srivastava et al. 2014).
        beta: weight of the KL divergence (arXiv 1804.03599; 1 is the evidence lower bound).
        total_correlation: weight of a further term of a variational loss, which keeps the
            latent dimensions independent of each other (β-TCVAE, arXiv 1802.04942).
        sparsity: weight of the L1 penalty, λ in λ·Σ|z| per image.
        pixel_scale: the network sees pixels in [0, pixel_scale]: 1 or 255.
    """

    encoder: tuple[Layer, ...] = (Layer("dense", width=128),)
    decoder: tuple[Layer, ...] = (Layer("dense", width=128),)
    latent_dim: int = 16
    code_type: str = "dense"
    bottleneck: str = "plain"
    activation: str = "relu"
    code_activation: str = "linear"
    output_activation: str = "sigmoid"
    initializer: str = "glorot_uniform"
    pca_components: int = 0
    dropout: float = 0.0
    beta: float = 1.0
    total_correlation: float = 0.0
    sparsity: float = 0.0
    pixel_scale: int = 1

    def __post_init__(self) -> None:
        check_settings(vars(self))
        if isinstance(self.pixel_scale, bool) or self.pixel_scale not in (1, 255):
            raise UserError("one_of", name="pixel_scale", value=self.pixel_scale, choices=(1, 255))
        if self.pixel_scale == 255 and self.output_activation == "sigmoid":
            raise UserError("sigmoid_of_255")
        if self.is_variational and self.code_type != "dense":
            raise UserError("variational_code", value=self.code_type)
        if self.pca_components:
            self._check_linear()

    def _check_linear(self) -> None:
        for name, wanted in (
            ("code_type", "dense"),
            ("code_activation", "linear"),
            ("output_activation", "linear"),
        ):
            value = getattr(self, name)
            if value != wanted:
                raise UserError("linear", name=name, value=value, wanted=wanted)
        if self.latent_dim > self.pca_components:
            raise UserError("components_code", value=self.latent_dim, most=self.pca_components)

    @property
    def is_variational(self) -> bool:
        """Whether the encoder gives a mean and a log variance, from which the code is sampled."""
        return self.bottleneck == "variational"

    @property
    def terms(self) -> tuple[tuple[Term, float], ...]:
        """The bottleneck's terms in the loss and their weights: nonzero ones, and the KL."""
        weighed = ((term, getattr(self, term.weight)) for term in BOTTLENECKS[self.bottleneck])
        return tuple((term, weight) for term, weight in weighed if weight or term.metric == "kl")

    @property
    def body(self) -> str:
        """``conv`` if any layer is a convolution, otherwise ``dense``."""
        kinds = {layer.kind for layer in (*self.encoder, *self.decoder)}
        return "conv" if kinds & {"conv", "convT"} else "dense"
