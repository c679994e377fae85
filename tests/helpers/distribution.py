"""Which tests one process has, and which begin first, where several processes share them."""

from collections.abc import Mapping
from dataclasses import dataclass

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController


@dataclass(frozen=True)
class Group:
    """Files for one process, as each beginning of ``str.startswith``.

    They use a fixture that lasts for a session and takes seconds of computing to start: the import
    of TensorFlow, or a first page in Chromium.
    """

    fixture: str
    files: tuple[str, ...]


# The longest first: what is short then fills the gaps at the end. A file is in the first that fits.
GROUPS: Mapping[str, Group] = {
    # All files of the browser in one process would take longer than everything else.
    "browser, lessons and models": Group(
        "browser",
        (
            "tests/browser/test_denoise.py",
            "tests/browser/test_latent_space.py",
            "tests/browser/test_lessons_page.py",
            "tests/browser/test_live_decoder.py",
            "tests/browser/test_measure.py",
            "tests/browser/test_replay_page.py",
        ),
    ),
    "cluster": Group(
        "started_cluster",
        (
            "tests/browser/test_two_servers.py",
            "tests/service/test_beyond.py",
            "tests/service/test_cluster.py",
            "tests/workers/test_upload_worker.py",
        ),
    ),
    "browser": Group("browser", ("tests/browser/",)),
    "workers": Group(
        "connection",
        (
            "tests/classroom/test_wall.py",
            "tests/data/test_user_image_sets.py",
            "tests/runs/test_replay.py",
            "tests/workers/test_connection.py",
            "tests/service/test_hanging.py",
            "tests/service/test_service.py",
            "tests/service/test_turns.py",
            "tests/test_earlier_version.py",
            "tests/training/test_sweep.py",
            "tests/ui/",
        ),
    ),
}
# Of the other files, those that take longest, again the longest first.
LONGEST = (
    "tests/training/test_repeatability.py",
    "tests/export/test_keras_script.py",
    "tests/workers/test_surroundings.py",
    "tests/diagnosis/test_doctor.py",
    "tests/denoising/test_denoising.py",
    "tests/training/test_figures.py",
    "tests/models/test_denoiser.py",
    "tests/training/test_ends.py",
    "tests/specs/test_recipes.py",
    "tests/latent/test_explore.py",
    "tests/data/test_data.py",
    "tests/test_command_line.py",
    "tests/denoising/test_faces.py",
    "tests/diagnosis/test_grid.py",
    "tests/evaluation/test_rates.py",
)
ORDER = (*GROUPS, *LONGEST)


def group_of(file: str) -> str:
    """Return the name of a test file's group; without one, the file is a group by itself."""
    return next((name for name, group in GROUPS.items() if file.startswith(group.files)), file)


def place_of(file: str) -> int:
    """Return where a test file stands in the order of beginning; equals keep theirs."""
    group = group_of(file)
    return ORDER.index(group) if group in ORDER else len(ORDER)


def is_background(process: str, processes: int) -> bool:
    """Return whether a process, ``gw0`` and so on, is the one for tests that only compute.

    Browsers and servers wait half of their time. The last of three or more processes uses it, with
    a low priority, so that nobody waits for it; not the lowest, which lets its own tests starve.
    """
    return processes > 2 and process == f"gw{processes - 1}"


class GroupScheduling(LoadFileScheduling):
    """Gives every group to one process, whole, and to the background what is in no group."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        if is_background(node.gateway.id, self.numnodes):
            alone = next((unit for unit in self.workqueue if unit not in GROUPS), None)
            if alone is not None:
                self.workqueue.move_to_end(alone, last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        return group_of(super()._split_scope(nodeid))
