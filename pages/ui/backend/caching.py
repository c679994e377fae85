"""Keeps visitors' own image sets out of the caches for all visitors."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from ae_core.data.user_image_sets import is_user_set
from ae_core.models.inference import DenoiserFile, ModelFile

Asked = TypeVar("Asked", bound=Callable[..., Any])

# Streamlit's own cache key of a dataclass hashes all its fields and is twenty times as slow.
KEYS: dict[str | type, Callable[[Any], Any]] = {
    kind: lambda model: f"{model.version} {model.path}" for kind in (ModelFile, DenoiserFile)
}


def uncached_for_user_sets(cache: Callable[..., Any]) -> Callable[[Asked], Asked]:
    """Cache a function's results except those about visitors' own images.

    Such images may change, and must not remain after their deletion. The function's first
    argument is a `ModelFile` or an `ImageChoice`.

    Args:
        cache: `st.cache_data` or `st.cache_resource` with its settings.
    """

    def decorate(compute: Asked) -> Asked:
        cached = cache(compute)

        @wraps(compute)
        def ask(about: Any, *others: Any) -> Any:
            images = about.spec.images if isinstance(about, ModelFile) else about
            return (compute if is_user_set(images.image_set) else cached)(about, *others)

        return cast("Asked", ask)

    return decorate
