"""The distribution of the tests over processes knows the files that there are."""

from collections import defaultdict

from ae_core.storage.files import ROOT
from tests.helpers.distribution import GROUPS, LONGEST, group_of, is_background, place_of


def test_a_file_is_with_those_that_use_the_same(request):
    """Of the files that are collected: all, when all tests run."""
    shared = {group.fixture for group in GROUPS.values()}
    used = defaultdict(set)
    for item in request.session.items:
        used[item.nodeid.partition("::")[0]] |= shared & set(item.fixturenames)
    for file, fixtures in used.items():
        group = GROUPS.get(group_of(file))
        assert not fixtures or (group is not None and group.fixture in fixtures), file


def test_every_file_that_is_named_exists():
    for file in (*LONGEST, *(file for group in GROUPS.values() for file in group.files)):
        assert (ROOT / file).exists(), file


def test_the_longest_begin_and_what_shares_stays_together():
    groups = {
        "tests/browser/test_lessons_page.py": "browser, lessons and models",
        "tests/browser/test_two_servers.py": "cluster",
        "tests/browser/test_app.py": "browser",
        "tests/ui/test_pages.py": "workers",
    }
    assert {file: group_of(file) for file in groups} == groups
    alone = (LONGEST[0], LONGEST[1], "tests/test_metrics.py")
    assert [group_of(file) for file in alone] == list(alone)
    places = [place_of(file) for file in (*groups, *alone)]
    assert places == sorted(set(places))


def test_the_last_of_three_processes_computes_in_the_background():
    assert [is_background(f"gw{number}", 3) for number in range(3)] == [False, False, True]
    assert not any(is_background(f"gw{number}", 2) for number in range(2))
    assert not is_background("", 0)  # all tests in one process
