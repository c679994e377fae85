"""What every visitor is answered alike: the one service, and what its workers said, remembered.

The only folder that names ``st.cache_*``; nothing of a visitor's own picture is remembered here.
"""

from ae_core.data.loading import ImageSetCorrupt, ImageSetUnavailable
from ae_core.service.connection import ServiceUnavailable
from pages.shared.answers.denoised import noise_answer
from pages.shared.answers.lesson import lesson_measure, lessons
from pages.shared.answers.measures import (
    code_rates,
    jpeg_rates,
    known_scores,
    pca_by_size,
    pca_rates,
    test_rivals,
    unknown_scores,
)
from pages.shared.answers.models import (
    atlas,
    keras_file,
    live_decoder,
    neighbour_map,
    test_code,
    test_rendition,
    whole_atlas,
)
from pages.shared.answers.pictures import (
    gallery,
    gallery_sheet,
    gallery_tiles,
    picture_file,
    sample_faces,
    sample_tiles,
    test_image,
)
from pages.shared.answers.server import (
    class_book,
    class_wall,
    film,
    match_book,
    run_sheet,
    service,
    speed,
)

__all__ = [
    "FAILURES",
    "ROOT",
    "atlas",
    "class_book",
    "class_wall",
    "code_rates",
    "film",
    "gallery",
    "gallery_sheet",
    "gallery_tiles",
    "jpeg_rates",
    "keras_file",
    "known_scores",
    "lesson_measure",
    "lessons",
    "live_decoder",
    "match_book",
    "neighbour_map",
    "noise_answer",
    "pca_by_size",
    "pca_rates",
    "picture_file",
    "run_sheet",
    "sample_faces",
    "sample_tiles",
    "service",
    "speed",
    "test_code",
    "test_image",
    "test_rendition",
    "test_rivals",
    "unknown_scores",
    "whole_atlas",
]

# What there may be instead of an answer; each says in a sentence what is wrong.
FAILURES = (ServiceUnavailable, ImageSetUnavailable, ImageSetCorrupt, ValueError)
