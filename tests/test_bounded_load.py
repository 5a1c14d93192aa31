"""Hours of use compressed: what memory is after two thousand streams, a fifth of `python -m bench soak --full`."""

from bench import soak


def test_memory_does_not_grow_with_the_streams_that_have_been():
    grown, _ = soak.run()
    assert "2,000 streams" in grown.name
    assert grown.value <= 1.1
