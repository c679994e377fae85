"""Keras code that loads a spec's pictures, and that starts a network as their principal components.

Sets that a library loads are loaded by it, exactly as `ae_core.data.readers` does; toy faces and
faces in the wild, whose making is long, are read from ``pictures.npz`` beside the script, which
`ae_core.export.files.picture_file` makes.
"""

from ae_core.data.catalog import IMAGE_SETS
from ae_core.models.shapes import Shape
from ae_core.specs import AutoencoderSpec, TrainingSpec

PICTURE_FILE = "pictures.npz"
_KERAS_SETS = {"mnist": "mnist", "fashion-mnist": "fashion_mnist"}


def needs_file(spec: TrainingSpec) -> bool:
    """Whether the script reads its pictures from ``pictures.npz``."""
    return spec.image_set not in (*_KERAS_SETS, "digits", "olivetti")


def imports(spec: TrainingSpec, image_shape: Shape) -> list[str]:
    """Return what `loading` imports."""
    held_out = spec.split == "held-out"
    if spec.image_set == "digits":
        splitting = ["from sklearn.model_selection import train_test_split"] if held_out else []
        found = ["from sklearn.datasets import load_digits", *splitting]
    elif spec.image_set == "olivetti":
        found = ["from sklearn.datasets import fetch_olivetti_faces"]
    else:
        return []
    resized = image_shape[0] != IMAGE_SETS[spec.image_set].native_size
    return ["from PIL import Image", *found] if resized else found


def loading(spec: TrainingSpec, image_shape: Shape) -> str:
    """Return the code that makes ``train`` and, if some are held out, ``test``.

    Both (N, H, W, C) float32 in [0, 1].
    """
    if needs_file(spec):
        lines = _from_file(spec)
    elif spec.image_set in _KERAS_SETS:
        lines = _from_keras(spec, image_shape)
    else:
        lines = _digits(spec) if spec.image_set == "digits" else _olivetti(spec)
        lines += _sized(spec, image_shape)
        if spec.split == "held-out":
            lines.append("train, test = pixels[~held_out], pixels[held_out]")
        else:
            lines.append("train = pixels  # all of them: nothing is held out")
    return "\n".join(lines)


def _from_file(spec: TrainingSpec) -> list[str]:
    names = ("train", "test") if spec.split == "held-out" else ("train",)
    arrays = ", ".join(f'file["{name}"]' for name in names)
    lines = [
        f"# {PICTURE_FILE} is offered for download where this script is.",
        f'with np.load("{PICTURE_FILE}") as file:',
        f"    {', '.join(names)} = {arrays}",
    ]
    for name in names:
        lines.append(f"if {name}.dtype == np.uint8:  # pixels from 0 to 255")
        lines.append(f"    {name} = {name} / np.float32(255)")
    return lines


def _from_keras(spec: TrainingSpec, image_shape: Shape) -> list[str]:
    source = f"keras.datasets.{_KERAS_SETS[spec.image_set]}.load_data()"
    lines = [f"(train, _), (test, _) = {source}"]
    if spec.split == "none":
        lines.append("train = np.concatenate([train, test])  # all of them: nothing is held out")
    names = ("train", "test") if spec.split == "held-out" else ("train",)
    for name in names:
        pixels = f"{name}[..., np.newaxis]"
        edge = (image_shape[0] - IMAGE_SETS[spec.image_set].native_size) // 2
        if edge:
            margins = f"((0, 0), ({edge}, {edge}), ({edge}, {edge}), (0, 0))"
            pixels = f"np.pad({pixels}, {margins})"
        lines.append(f"{name} = {pixels} / np.float32(255)")
    return lines


def _digits(spec: TrainingSpec) -> list[str]:
    lines = ["digits = load_digits()", 'pixels = (digits.images / 16).astype("float32")']
    if spec.split == "held-out":
        lines += [
            "numbers = np.arange(len(pixels))",
            "_, chosen = train_test_split("
            "numbers, test_size=360, random_state=0, stratify=digits.target)",
            "held_out = np.isin(numbers, chosen)",
        ]
    return lines


def _olivetti(spec: TrainingSpec) -> list[str]:
    lines = [
        "faces = fetch_olivetti_faces()",
        "order = np.random.RandomState(1000).permutation(len(faces.images))",
        'pixels = faces.images.astype("float32")[order]',
    ]
    if spec.split == "held-out":
        lines += [
            "# Five people are held out: nobody is on both sides.",
            "people = np.random.default_rng(0).permutation(np.unique(faces.target))[:5]",
            "held_out = np.isin(faces.target[order], people)",
        ]
    return lines


def _sized(spec: TrainingSpec, image_shape: Shape) -> list[str]:
    if image_shape[0] == IMAGE_SETS[spec.image_set].native_size:
        return ["pixels = pixels[..., np.newaxis]"]
    size = f"({image_shape[1]}, {image_shape[0]})"
    return [
        f"sized = [Image.fromarray(p).resize({size}, Image.Resampling.BICUBIC) for p in pixels]",
        "pixels = np.clip(np.stack([np.asarray(image) for image in sized]), 0, 1)[..., np.newaxis]",
    ]


def pca_start(own: AutoencoderSpec) -> str:
    """Return the code after which a network is a PCA; see `pca_init.init_from_pca`."""
    scale = f" * {own.pixel_scale}" if own.pixel_scale != 1 else ""
    average = f"average{scale}"
    negated = f"({average})" if scale else average
    whitening = (
        f"np.eye({own.pca_components}, {own.latent_dim}) * (scales / deviations)[:, np.newaxis]"
    )
    return f"""\
flat = train.reshape(len(train), -1)
pca = PCA({own.pca_components}, random_state=0).fit(flat)
average, axes = pca.mean_.astype("float32"), pca.components_.astype("float32")
deviations = np.maximum(np.std((flat - average) @ axes.T, axis=0), 1e-6)
scales = np.sqrt(deviations * deviations[0])  # large coordinates stay a little larger
outward = axes * scales[:, np.newaxis]{scale}
inward = (outward / np.square(outward).sum(axis=1, keepdims=True)).T
to_coordinates.set_weights([inward, -{negated} @ inward])
to_pixels.set_weights([outward, {average}])
# The shortcuts are the PCA, its codes with variance 1; the layers beside them add nothing yet.
encoder_shortcut.set_weights([{whitening}])
colouring = np.eye({own.latent_dim}, {own.pca_components}) * (deviations / scales)
decoder_shortcut.set_weights([colouring])
for layer in (to_code, last_hidden):
    layer.kernel.assign(np.zeros(layer.kernel.shape))
to_coordinates.trainable = to_pixels.trainable = False  # they stay as they are"""
