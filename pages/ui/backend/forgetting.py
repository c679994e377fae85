"""How remembered answers spare what visitors own.

It knows neither who asks nor what is asked, only whose pictures it is about.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from ae_core.data.user_image_sets import is_user_set
from ae_core.models.inference import ModelFile

Asked = TypeVar("Asked", bound=Callable[..., Any])


def forgetting(remembered: Asked) -> Asked:
    """Make a remembered answer about visitors' own pictures be asked for anew every time.

    They may change, and nothing of them stays when they are deleted. The first argument is a
    model, a spec as JSON or the name of an image set.
    """

    @wraps(remembered)
    def ask(about: Any, *others: Any) -> Any:
        spec_json = about.spec_json if isinstance(about, ModelFile) else about
        image_set = json.loads(spec_json)["image_set"] if "{" in spec_json else spec_json
        asked = remembered.__wrapped__ if is_user_set(image_set) else remembered  # type: ignore[attr-defined]
        return asked(about, *others)

    return cast("Asked", ask)
