"""What the page is served with: a bounded queue, and nothing that writes down or opens what it need not."""

import pytest

from playground.ui import launch


class StoppedError(Exception):
    pass


class Page:
    """Notes what it was told, and serves nothing."""

    def queue(self, **told):
        self.queued = told

    def launch(self, **told):
        self.launched = told
        raise StoppedError


def test_the_queue_is_bounded_and_nothing_writes_down_what_people_type():
    page = Page()
    with pytest.raises(StoppedError):
        launch.launch(page, host="127.0.0.1", port=0, share=False, routes=[], middleware=[])
    assert page.queued["max_size"] == launch.MOST_QUEUED == 1000
    assert page.queued["api_open"] is False
    told = page.launched
    assert told["max_threads"] == launch.MOST_AT_ONCE
    assert told["max_file_size"] == "5mb"
    for off in ("run_history", "enable_monitoring", "show_error", "mcp_server"):
        assert told[off] is False, off
