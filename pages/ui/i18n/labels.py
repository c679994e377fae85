"""What is known of test pictures, in words."""

from pages.ui.i18n.text import slug, text


def label_in_words(label: str) -> str:
    """Return a class or factor of an image set in words; classes of digits are digits.

    Raises:
        KeyError: no image set has such a label.
    """
    return label if label.isdecimal() else text(f"model.label.{slug(label)}")
