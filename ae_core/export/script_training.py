"""Keras code of a spec's training: `ae_core.training.steps` and `ae_core.training.loop`, as text.

It knows which figures a loss gives, not the layers and not where the pictures come from.
"""

from ae_core.export.script_loss import draws_noise, loss
from ae_core.specs import TrainingSpec

# As in `ae_core.training.steps`, which only workers may import; a test compares.
EVALUATED_AT_ONCE, RISING = 500, 0.1
OPTIMIZERS = {"adam": "Adam", "rmsprop": "RMSprop", "sgd": "SGD"}

AVERAGES = """\
def averages(batches, count):
    \"\"\"The figures of an epoch from the sums over its batches, for so many pictures.\"\"\"
    found = {name: sum(float(batch[name]) for batch in batches) / count for name in batches[0]}
    return found | {"psnr": -10 * math.log10(found.pop("squared_error"))}"""


def is_numbered(spec: TrainingSpec) -> bool:
    """Whether a training step takes its number, because something in it is drawn at random."""
    return draws_noise(spec) or spec.augment != "none"


def steps(spec: TrainingSpec) -> str:
    """Return the optimizer and the functions of one training step and one held-out batch."""
    passed = "number, " if draws_noise(spec) else ""
    held_out = spec.split == "held-out"
    rate = str(spec.learning_rate)
    lines = ["weights = encoder.trainable_weights + decoder.trainable_weights"]
    if spec.schedule != "constant":
        pictures = "len(train)"
        if spec.steps_per_epoch:
            pictures = "min(len(train), STEPS_PER_EPOCH * BATCH_SIZE)"
        lines += [
            f"steps = EPOCHS * math.ceil({pictures} / BATCH_SIZE)",
            *_rate(spec),
        ]
        rate = "rate"
    x = "augmented(x, number)" if spec.augment != "none" else "x"
    reduce = "sum" if spec.loss == "l2" else "mean"
    lines += [
        f"optimizer = keras.optimizers.{OPTIMIZERS[spec.optimizer]}({rate})",
        "optimizer.build(weights)",
        "",
        "",
        "@tf.function",
        f"def train_step(x{', number' if is_numbered(spec) else ''}):",
        *([f"    x = {x}"] if x != "x" else []),
        "    with tf.GradientTape() as tape:",
        f"        found = figures(x, {passed}training=True)",
        f'        loss = ops.{reduce}(found["loss"])'
        + ("  # this recipe sums over the batch" if reduce == "sum" else ""),
        "    optimizer.apply(tape.gradient(loss, weights), weights)",
        "    return {name: ops.sum(values) for name, values in found.items()}",
    ]
    if held_out:
        lines += [
            "",
            "",
            "@tf.function",
            f"def test_step(x{', number' if passed else ''}):",
            f"    found = figures(x, {passed}training=False)",
            "    return {name: ops.sum(values) for name, values in found.items()}",
        ]
    return "\n".join(lines)


def _rate(spec: TrainingSpec) -> list[str]:
    """Return the lines that make the schedule of the learning rate."""
    decay, most = "rate = keras.optimizers.schedules.CosineDecay", spec.learning_rate
    if spec.schedule == "cosine":
        return [f"{decay}({most}, steps)  # falls to zero"]
    return [
        f"rising = math.ceil({RISING} * steps)  # from zero up, then down to zero",
        f"{decay}(",
        f"    0.0, max(1, steps - rising), warmup_target={most}, warmup_steps=rising",
        ")",
    ]


def loop(spec: TrainingSpec) -> str:
    """Return the loop over the epochs, which prints the figures of each."""
    number = ", tf.constant(step)" if is_numbered(spec) else ""
    evaluated = ", tf.constant(-1 - i)" if draws_noise(spec) else ""
    cut = "[: STEPS_PER_EPOCH * BATCH_SIZE]" if spec.steps_per_epoch else ""
    lines = [
        "rng = np.random.default_rng(SEED)",
        *(["step = 0  # numbers the noise"] if number else []),
        "for epoch in range(1, EPOCHS + 1):",
        f"    order = rng.permutation(len(train)){cut}",
        "    batches = []",
        "    for i in range(0, len(order), BATCH_SIZE):",
        *(["        step += 1"] if number else []),
        f"        batches.append(train_step(train[order[i : i + BATCH_SIZE]]{number}))",
        "    shown = averages(batches, len(order))",
    ]
    if spec.loss == "l2" and spec.steps_per_epoch:
        divided = [n for n in ("loss", "reconstruction", "penalty") if f'"{n}"' in loss(spec)]
        names = ", ".join(f'"{name}"' for name in divided)
        lines += [
            "    # This recipe divides by all pictures, also by those that its steps leave out.",
            f"    for name in ({names},):",
            "        shown[name] *= len(order) / len(train)",
        ]
    if spec.split == "held-out":
        many = EVALUATED_AT_ONCE
        lines += [
            f"    starts = range(0, len(test), {many})",
            f"    batches = [test_step(test[i : i + {many}]{evaluated}) for i in starts]",
            "    held_out = averages(batches, len(test)).items()",
            '    shown |= {f"val_{name}": value for name, value in held_out}',
        ]
    lines.append(
        '    print(f"Epoch {epoch}:", ", ".join(f"{name} {value:.7g}" '
        "for name, value in shown.items()))"
    )
    return "\n".join(lines)
