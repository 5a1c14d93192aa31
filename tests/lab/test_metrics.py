"""Metrics against published examples: of the papers, and of the reference libraries' own documentation and tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.lab import metrics
from playground.lab.metrics import Spread

SOME_WORDS = st.lists(st.sampled_from(["the", "a", "dog", "cat", "sea", "sun", "on", "in", "of", "run"]), max_size=20)


def longest_common(ours, theirs):
    """The textbook recurrence."""
    table = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for i, x in enumerate(ours):
        for j, y in enumerate(theirs):
            table[i + 1][j + 1] = table[i][j] + 1 if x == y else max(table[i][j + 1], table[i + 1][j])
    return table[-1][-1]


@pytest.mark.parametrize(
    ("text", "reference", "expected"),
    [
        # rouge-score's rouge_scorer_test.py: testRougeLConsecutive and testRougeLNonConsecutive.
        ("testing one", "testing one two", 4 / 5),
        ("testing two", "testing one two", 4 / 5),
        # The sentences of its README, of whose seventeen words in all five stand in the same order in both.
        ("The quick brown dog jumps on the log.", "The quick brown fox jumps over the lazy dog", 2 * 5 / 17),
        # Lin 2004, section 3.1: S2 and S3 against S1.
        ("police kill the gunman", "police killed the gunman", 3 / 4),
        ("the gunman kill police", "police killed the gunman", 2 / 4),
        ("testing one two", "", 0.0),
        ("", "", 0.0),
    ],
)
def test_rouge_l_is_that_of_the_paper_and_of_rouge_score(text, reference, expected):
    assert metrics.rouge_l(text, reference) == pytest.approx(expected)


@given(SOME_WORDS, SOME_WORDS)
def test_rouge_l_counts_the_longest_common_subsequence(ours, theirs):
    common = longest_common(ours, theirs)
    expected = 2 * common / (len(ours) + len(theirs)) if common else 0.0
    assert metrics.rouge_l(" ".join(ours), " ".join(theirs)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "references", "expected"),
    [
        # nltk's documentation of sentence_bleu (hypothesis1 with its three references).
        (
            "It is a guide to action which ensures that the military always obeys the commands of the party",
            (
                "It is a guide to action that ensures that the military will forever heed Party commands",
                "It is the guiding principle which guarantees the military forces always being under the command "
                "of the Party",
                "It is the practical guide for the army always to heed the directions of the party",
            ),
            50.46,
        ),
        # Two sentences of the example in sacrebleu's README: what is equal to a reference has 100.
        ("The dog bit the man.", ("The dog bit the man.", "The dog had bit the man."), 100.0),
        ("", ("The dog bit the man.",), 0.0),
    ],
)
def test_bleu_is_that_of_published_examples(text, references, expected):
    assert metrics.bleu(text, references) == pytest.approx(expected, abs=0.01)


def test_self_bleu_is_the_mean_of_each_against_the_others():
    texts = ["the cat sat on the mat", "the cat lay on the mat", "a dog ran to the sea"]
    each = [metrics.bleu(texts[at], tuple(texts[:at] + texts[at + 1 :])) for at in range(3)]
    assert metrics.self_bleu(texts) == pytest.approx(sum(each) / 3)
    assert metrics.self_bleu(["same words here and there"] * 3) == pytest.approx(100)
    assert metrics.self_bleu(["one two three four", "five six seven eight"]) == 0
    assert metrics.self_bleu(["only one"]) is None


def test_distinct_counts_different_words_and_pairs():
    text = "I don't know. I don't know."  # the dull answer that Li et al. (2016) begin with
    assert metrics.words(text) == ["i", "don", "t", "know"] * 2
    assert metrics.distinct(text, 1) == 4 / 8
    assert metrics.distinct(text, 2) == 4 / 7
    assert metrics.distinct("word", 2) is None


def test_words_of_other_scripts():
    assert metrics.words("Привет, мир") == ["привет", "мир"]
    assert metrics.words("你好 world") == ["你", "好", "world"]
    assert metrics.words("हिन्दी भाषा") == ["हिन्दी", "भाषा"]
    assert metrics.rouge_l("日本語です", "日本語") > 0.7


@pytest.mark.parametrize(
    ("text", "reference", "same"),
    [
        ("The Eiffel Tower!", "Eiffel tower", True),
        ("  an  answer ", "Answer", True),
        ("42", "43", False),
        ("हिन्दी", "हन्दा", False),
    ],
)
def test_exact_match_is_that_of_squad(text, reference, same):
    assert metrics.exact_match(text, reference) is same


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ('{"a": [1, 2.5, null]}', True),
        ('```json\n{"a": 1}\n```', True),
        ("12", True),
        ('Here it is: {"a": 1}', False),
        ("{'a': 1}", False),
        ("NaN", False),
        ("[" * 100_000, False),
        ("", False),
    ],
)
def test_json_is_told_from_what_looks_like_it(text, valid):
    assert metrics.is_json(text) is valid


@pytest.mark.parametrize("endless", ["```json" + "\n" * 50_000, "```\n" + " \n" * 50_000 + "x", "\n" * 50_000])
def test_an_answer_that_ends_in_blanks_without_end_is_told_from_json_at_once(endless):
    """A pattern that can take the blanks in two ways does not come back from these."""
    assert not metrics.is_json(endless)


def test_spread_leaves_out_what_is_unknown():
    assert Spread.of([1, None, 3]) == Spread(2.0, pytest.approx(2**0.5), 1.0, 3.0, 2)
    assert Spread.of([5.0]) == Spread(5.0, 0.0, 5.0, 5.0, 1)
    assert Spread.of([None]) is None
