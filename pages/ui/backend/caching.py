"""How answers that are cached for all visitors spare the visitors' own image sets."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from ae_core.data.user_image_sets import is_user_set
from ae_core.models.inference import DenoiserFile, ModelFile

Asked = TypeVar("Asked", bound=Callable[..., Any])

# Streamlit's own key of a dataclass takes all its fields, twenty times as slowly.
KEYS: dict[str | type, Callable[[Any], Any]] = {
    kind: lambda model: f"{model.version} {model.path}" for kind in (ModelFile, DenoiserFile)
}


def uncached_for_user_sets(cache: Callable[..., Any]) -> Callable[[Asked], Asked]:
    """Cache the answers of a function, but none about images of visitors' own.

    These may change, and nothing of them stays when they are deleted. The function's first
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
