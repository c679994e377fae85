"""Image files as visitors have them."""

import io

import pillow_heif


def encoded(image, kind, **options):
    """The bytes of a Pillow image in a format that Pillow or HEIF has a name for."""
    file = io.BytesIO()
    if kind == "HEIF":  # the app's own library reads them only
        pillow_heif.from_pillow(image).save(file, **options)
    else:
        image.save(file, kind, **options)
    return file.getvalue()
