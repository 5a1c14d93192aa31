"""Tokens: the numbers OpenAI publishes, offline from the first call, and spans that add up to the text."""

import hashlib
import os
import random
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playground.models import tokens, vocabulary
from playground.models.catalog import load_catalog
from playground.models.tokens import ENCODINGS, Count, TokenSpan, count, count_for, count_messages, encode, spans
from playground.models.vocabulary import SOURCES, VocabularyError
from playground.settings import load_settings
from playground.types import Family, Message, ModelSpec

# Published in the OpenAI Cookbook, "How to count tokens with tiktoken".
PUBLISHED = [
    ("o200k_base", "tiktoken is great!", [83, 8251, 2488, 382, 2212, 0]),
    ("o200k_base", "antidisestablishmentarianism", [493, 129901, 376, 160388, 21203, 2367]),
    ("o200k_base", "2 + 2 = 4", [17, 659, 220, 17, 314, 220, 19]),
    ("o200k_base", "お誕生日おめでとう", [8930, 9697, 243, 128225, 8930, 17693, 4344, 48669]),
    ("cl100k_base", "tiktoken is great!", [83, 1609, 5963, 374, 2294, 0]),
    ("cl100k_base", "antidisestablishmentarianism", [519, 85342, 34500, 479, 8997, 2191]),
    ("cl100k_base", "2 + 2 = 4", [17, 489, 220, 17, 284, 220, 19]),
    ("cl100k_base", "お誕生日おめでとう", [33334, 45918, 243, 21990, 9080, 33334, 62004, 16556, 78699]),
]
# Its example conversation, (name, role, content); the API itself counted 124 for gpt-4o and 129 for gpt-4.
CONVERSATION = [
    (
        None,
        "system",
        "You are a helpful, pattern-following assistant that translates corporate jargon into plain English.",
    ),
    ("example_user", "system", "New synergies will help drive top-line growth."),
    ("example_assistant", "system", "Things working well together will increase revenue."),
    (
        "example_user",
        "system",
        "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
    ),
    ("example_assistant", "system", "Let's talk later when we're less busy about how to do better."),
    (None, "user", "This late pivot means we don't have time to boil the ocean for the client deliverable."),
]
WHERE_TIKTOKEN_FETCHES = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)

# A process of its own that may neither reach the network nor write a file.
OFFLINE = """
import os, sys
def forbid(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "os.mkdir", "os.rename"}:
        raise PermissionError(event)
    if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        raise PermissionError(f"{event} {arguments}")
from playground.models import tokens
assert not {"tiktoken", "quicktok"} & sys.modules.keys()
sys.addaudithook(forbid)
print([tokens.count("tiktoken is great!", name) for name in tokens.ENCODINGS])
"""


def model(encoding="o200k_base", exact=True):
    family = Family("f", "openai", encoding=encoding, encoding_exact=exact)
    return ModelSpec("m", "openai", family, "M", "m")


@pytest.mark.parametrize(("encoding", "text", "ids"), PUBLISHED)
def test_ids_are_those_that_openai_publishes(encoding, text, ids):
    assert encode(text, encoding) == ids
    assert count(text, encoding) == len(ids)


@pytest.mark.parametrize("name", ENCODINGS)
def test_vocabulary_pattern_and_special_tokens_are_tiktokens_own(name, tmp_path, monkeypatch):
    from tiktoken_ext.openai_public import ENCODING_CONSTRUCTORS

    ranks = vocabulary.unpack(vocabulary.packed(SOURCES[name]))
    cached_as = hashlib.sha1(WHERE_TIKTOKEN_FETCHES.format(name).encode()).hexdigest()
    (tmp_path / cached_as).write_bytes(vocabulary.official_text(ranks))
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    theirs = ENCODING_CONSTRUCTORS[name]()  # checks the SHA-256 it knows, and would download if it differed
    assert theirs["mergeable_ranks"] == ranks
    assert theirs["pat_str"] == SOURCES[name].pattern
    assert theirs["special_tokens"] == SOURCES[name].special_tokens


def test_the_first_call_of_a_process_needs_no_network_no_cache_and_no_writable_disk(tmp_path):
    run = subprocess.run(
        [sys.executable, "-B", "-c", OFFLINE],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "HOME": str(tmp_path),
            "TIKTOKEN_CACHE_DIR": str(tmp_path / "none"),
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
    )
    assert (run.stdout.strip(), run.stderr) == ("[6, 6]", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("spoil", [lambda raw: raw[:9] + b"!" + raw[10:], lambda raw: raw[:5000], lambda raw: b""])
def test_a_vocabulary_that_is_not_openais_is_refused(spoil):
    source = SOURCES["cl100k_base"]
    with pytest.raises(VocabularyError, match="is not OpenAI's"):
        vocabulary.build(source, spoil(vocabulary.packed(source)))


def test_a_missing_vocabulary_is_named(monkeypatch):
    with pytest.raises(VocabularyError, match=r"o200k_base .* cannot be read"):
        vocabulary.packed(replace(SOURCES["o200k_base"], file="none.vocab"))
    monkeypatch.setitem(sys.modules, "quicktok", None)
    with pytest.raises(VocabularyError, match="not installed"):
        vocabulary.packed(SOURCES["o200k_base"])


def test_threads_that_come_at_once_share_one_vocabulary():
    vocabulary._load.cache_clear()
    found, together = [], threading.Barrier(4)

    def ask():
        together.wait()
        found.append(vocabulary.encoding("cl100k_base"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len({id(each) for each in found}) == 1


@pytest.mark.parametrize(
    ("encoding", "ids"),
    [("o200k_base", [27, 91, 419, 1440, 919, 91, 29]), ("cl100k_base", [27, 91, 8862, 728, 428, 91, 29])],
)
def test_a_control_token_written_by_a_user_is_only_text(encoding, ids):
    assert encode("<|endoftext|>", encoding) == ids
    assert "".join(span.text for span in spans("a<|endoftext|>b", encoding)) == "a<|endoftext|>b"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_surrogates_count_as_what_they_stand_for(encoding):
    assert encode("a\ud83d\ude00b", encoding) == encode("a😀b", encoding)
    assert encode("a\ud800b\udc00", encoding) == encode("a\ufffdb\ufffd", encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=ANY_TEXT)
@example("")
@example("👩‍👩‍👧 naïve\r\n  お誕生日")
@example("\ud83d\ude00\ude00\ud83d")
@settings(deadline=None, database=None, derandomize=True, max_examples=150)
def test_spans_add_up_to_the_text_and_cover_it_in_order(encoding, text):
    found = spans(text, encoding)
    read = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert [span.id for span in found] == encode(text, encoding) == encode(read, encoding)
    assert len(found) == count(text, encoding)
    assert b"".join(span.bytes for span in found) == read.encode("utf-8")
    reached = 0
    for span in found:
        assert span.start <= reached <= span.end
        assert span.start < span.end
        if span.start == reached and "\ufffd" not in span.text and read == text:
            assert text[span.start : span.end] == span.text
        reached = max(reached, span.end)
    assert reached == len(text)


def test_parts_of_a_character_share_its_place():
    assert spans("お誕 a", "cl100k_base") == [
        TokenSpan(33334, "お", "お".encode(), 0, 1),
        TokenSpan(45918, "�", b"\xe8\xaa", 1, 2),
        TokenSpan(243, "�", b"\x95", 1, 2),
        TokenSpan(264, " a", b" a", 2, 4),
    ]


def test_offsets_are_into_the_text_as_given_even_with_surrogates():
    assert [(span.text, span.start, span.end) for span in spans("a\ud83d\ude00b\ud800c", "o200k_base")] == [
        ("a", 0, 1),
        ("😀", 1, 3),
        ("b", 3, 4),
        ("\ufffd", 4, 5),
        ("c", 5, 6),
    ]


@pytest.mark.parametrize(
    ("text", "pieces", "places"),
    [
        ("é!", [b"", "é".encode(), b"!"], [(0, 0), (0, 1), (1, 2)]),
        ("a", [b"a", b"\n", b""], [(0, 1), (1, 1), (1, 1)]),
        ("é", ["é\n".encode(), b"x"], [(0, 1), (1, 1)]),
    ],
    ids=["a mark before the text", "more than the text", "more than the text in one piece"],
)
def test_pieces_of_another_tokenizer_are_placed_too(text, pieces, places):
    found = tokens.locate(text, list(enumerate(pieces)))
    assert [(span.id, span.bytes) for span in found] == list(enumerate(pieces))
    assert [(span.start, span.end) for span in found] == places


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 1_000_000, 125_000),
        (" " * 1_000_000, 7_813),
        (" " * 999_999 + "x", 7_814),
        ("\t" * 1_000_000, 62_500),
        ("1" * 1_000_000, 333_334),
    ],
    ids=["letters", "spaces", "spaces before a word", "tabs", "digits"],
)
def test_a_million_characters_without_a_word_are_counted(encoding, text, expected):
    assert count(text, encoding) == expected


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_million_random_letters_come_back_from_their_tokens(encoding):
    text = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz", k=1_000_000))
    assert vocabulary.encoding(encoding).decode(encode(text, encoding)) == text


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_only_a_giant_run_of_blanks_is_taken_in_parts(encoding):
    ordinary = ("word " * 100 + "\n" * 1_000 + "é" * 5_000) * 50
    assert encode(ordinary, encoding) == vocabulary.encoding(encoding).encode_ordinary(ordinary)
    giant = "before" + " " * 300_000 + "after"
    assert len(encode(giant, encoding)) == len(vocabulary.encoding(encoding).encode_ordinary(giant))


def test_a_count_is_exact_only_with_the_models_own_tokenizer():
    assert count_for(model(), "tiktoken is great!") == Count(6, True)
    assert count_for(model("cl100k_base"), "お誕生日おめでとう") == Count(9, True)
    assert count_for(model(exact=False), "お誕生日おめでとう") == Count(8, False)
    assert count_for(model("local"), "お誕生日おめでとう") == Count(8, False)


@pytest.mark.parametrize(
    ("model_id", "exact"),
    [
        ("gpt-4o", True),
        ("gpt-5.5", True),
        ("gpt-6-astra", False),
        ("gpt-6.1-terra", False),
        ("claude-opus-5-5", False),
        ("gemini-2.5-flash", False),
        ("smollm2-135m-instruct", False),
    ],
)
def test_the_catalog_says_whose_tokenizer_is_known(model_id, exact):
    assert count_for(load_catalog(load_settings({})).get(model_id), "tiktoken is great!") == Count(6, exact)


@pytest.mark.parametrize(("encoding", "counted_by_the_api"), [("o200k_base", 124), ("cl100k_base", 129)])
def test_a_conversation_counts_as_the_api_counted_it(encoding, counted_by_the_api):
    messages = [Message(role, content) for _, role, content in CONVERSATION]
    names = sum(1 + count(name, encoding) for name, _, _ in CONVERSATION if name)  # ours have none
    assert count_messages(model(encoding), messages) == Count(counted_by_the_api - names, True)


def test_a_conversation_with_a_foreign_tokenizer_is_an_estimate():
    assert count_messages(model(exact=False), [Message("user", "tiktoken is great!")]) == Count(6 + 1 + 3 + 3, False)
    assert count_messages(model(), []) == Count(3, True)


def test_an_encoding_nobody_knows_is_refused():
    with pytest.raises(KeyError):
        encode("a", "r50k_base")
