"""What holds of every event of the real page, whichever tab it is of."""

import pytest

from playground.compose import compose
from playground.settings import load_settings
from playground.ui.blocks import build


@pytest.fixture(scope="module")
def page():
    return build(compose(load_settings({"PLAYGROUND_LOCAL": "off"})))


@pytest.fixture(scope="module")
def events(page):
    return [one for one in page.config["dependencies"] if one["backend_fn"]]


def test_none_has_its_progress_on_a_component(events):
    """At each word of a stream the browser reads all values of every component that ever had a progress."""
    assert [one["id"] for one in events if one["show_progress_on"] != []] == []


def test_none_that_is_run_again_begins_with_the_opening_of_a_tab(page, events):
    """Gradio runs with the second choice everything that hangs on it: with a tab that changes what is listened to, for
    ever."""
    tabs = {one["id"] for one in page.config["components"] if one["type"] == "tabitem"}
    assert tabs
    again = [one for one in events if one["trigger_mode"] == "always_last"]
    assert again
    assert [one["id"] for one in again for target, _ in one["targets"] if target in tabs] == []


def test_all_that_filters_the_leaderboard_is_one_event_that_the_newest_choice_ends(page, events):
    """With an event for each, what is set while another one runs is left out, or comes first and is overwritten."""
    [votes] = [one["id"] for one in page.config["components"] if one["props"].get("elem_id") == "board-votes"]
    [event] = [one for one in events if any(target == votes for target, _ in one["targets"])]
    assert event["trigger_mode"] == "always_last"
    assert len({target for target, _ in event["targets"]}) > 3
