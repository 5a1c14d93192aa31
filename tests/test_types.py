"""Events that arrived together are told as one, with nothing lost and in their order."""

from playground.types import Finished, Started, TextDelta, ThinkingDelta, TokenLogprob, Usage, Waiting, joined


def test_runs_of_texts_and_of_thoughts_become_one_each():
    tokens = [TokenLogprob(text, -0.5, ()) for text in "abc"]
    events = [
        Waiting("loading"),
        Started(()),
        ThinkingDelta("h"),
        ThinkingDelta("m"),
        TextDelta("a", (tokens[0],)),
        TextDelta("b", (tokens[1],)),
        ThinkingDelta("?"),
        TextDelta("c", (tokens[2],)),
        Finished("stop", Usage(1, 2)),
    ]
    assert joined(events) == [
        Waiting("loading"),
        Started(()),
        ThinkingDelta("hm"),
        TextDelta("ab", tuple(tokens[:2])),
        ThinkingDelta("?"),
        TextDelta("c", (tokens[2],)),
        Finished("stop", Usage(1, 2)),
    ]


def test_of_nothing_comes_nothing():
    assert joined([]) == []
