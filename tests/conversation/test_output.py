"""Marks under an answer: sources, safety stops, keys."""

import pytest

from playground.conversation.growing import Reply
from playground.conversation.output import MASK, Source, citations, marks, mask_keys, unmasked
from playground.errors import ProviderError

CITED = """Cats sleep a lot [1], dogs less [2, 4]. See [Wikipedia](https://en.wikipedia.org/wiki/Cat_(animal)) or
https://example.org/a?b=c. Not a citation: `x[3]`.

Sources
[1]: https://one.org/x "One"
- [2] A book about dogs, 1999
[3] Three - https://three.org/.
"""


def test_links_addresses_and_numbered_sources_are_found():
    sources, unlisted = citations(CITED)
    assert sources == (
        Source(1, "One", "https://one.org/x"),
        Source(2, "A book about dogs, 1999", None),
        Source(3, "Three", "https://three.org/"),
        Source(None, "Wikipedia", "https://en.wikipedia.org/wiki/Cat_(animal)"),
        Source(None, "https://example.org/a?b=c", "https://example.org/a?b=c"),
    )
    assert unlisted == (4,)


def test_code_is_no_source():
    assert citations("```\nx[1]; // https://no.org\n[1] foo\n```\nand `https://no.org`") == ((), ())
    assert citations("The list a[0] and b[1] are arrays.") == ((), ())


# Made up, in the shapes that the vendors document.
@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-abcDEF123456ghiJKL789mnoPQR",
        "sk-ant-api03-abcdefghijklmnop_qrstuv-wx",
        "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw",
        "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH",
        "ghp_" + "a1B2" * 9,
        "AKIA" + "ABCDEFGH12345678",
        "xoxb-123456789012-abcdefghijkl",
        "eyJhbGciOiJIUzI1NiIs.eyJzdWIiOiIxMjM0NTY3.SflKxwRJSMeKKF2QT4",
        "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_keys_are_hidden_and_counted(key):
    assert mask_keys(f"Use {key} here, or {key}.") == (f"Use {MASK} here, or [key 2 hidden].", 2)


LEAKED = "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw"


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (f"See https://x.org/?key={LEAKED}.", Source(None, f"https://x.org/?key={MASK}", f"https://x.org/?key={MASK}")),
        (
            f"See [the {LEAKED} page](https://x.org/a?k={LEAKED}&b=1)",
            Source(None, f"the {MASK} page", "https://x.org/a?k=[key 2 hidden]&b=1"),
        ),
        (f"So [1].\n\n[1] Mail {LEAKED} to them", Source(1, f"Mail {MASK} to them", None)),
        (f"See https://x.org/{LEAKED[:-1]}_", Source(None, f"https://x.org/{MASK}", f"https://x.org/{MASK}")),
        (f"See https://x.org/{'a' * 1970}/{LEAKED}", Source(None, *[f"https://x.org/{'a' * 1970}/{MASK}"] * 2)),
    ],
    ids=["address", "title and address", "listed", "ends with what an address drops", "cut for its length"],
)
def test_no_key_is_in_a_source_as_none_is_in_the_answer(text, source):
    found = marks(Reply("m", text=text, finish_reason="stop"))
    assert found.sources == (source,)
    assert found.masked == text.count("AIza")


def test_no_key_is_in_what_is_wrong_with_json():
    wrong = (f"The whole: 'x\\n{LEAKED}' is not of type 'number'.", f"{LEAKED}: 1 is not of type 'string'.")
    hidden = marks(Reply("m"), wrong).violations
    assert hidden == (f"The whole: 'x\\n{MASK}' is not of type 'number'.", f"{MASK}: 1 is not of type 'string'.")


def test_a_key_after_an_escaped_line_break_of_json_is_hidden():
    text = f'{{"use": "first\\n{LEAKED}"}}'
    assert LEAKED in text and "\n" not in text
    assert mask_keys(text) == (text.replace(LEAKED, MASK), 1)
    assert "AIza" not in mask_keys(text[:-10], growing=True)[0]


@pytest.mark.parametrize(
    "text",
    ["sk-learn is a library", "task-force-and-so-on-and-so-forth", "hash 5f4dcc3b5aa765d61d8327deb882cf99", "hf_hub"],
)
def test_other_words_are_left_alone(text):
    assert mask_keys(text) == (text, 0)


def test_no_part_of_a_key_shows_while_it_is_written():
    key = "sk-proj-abcDEF123456ghiJKL789mnoPQR"
    for length in range(4, len(key) + 1):
        assert "abc" not in mask_keys(f"It is {key[:length]}", growing=True)[0]


def test_an_edited_text_gets_back_the_keys_whose_masks_were_left_in_it():
    keys = ["sk-proj-abcDEF123456ghiJKL789mnoPQR", "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH"]
    original = f"Use {keys[0]} or {keys[1]}."
    assert unmasked(mask_keys(original)[0], original) == original
    assert unmasked("Only [key 2 hidden]!", original) == f"Only {keys[1]}!"
    assert unmasked("Neither.", original) == "Neither."


def test_a_safety_stop_is_told_with_what_the_provider_said():
    assert marks(Reply("m", text="I", finish_reason="content_filter", detail="SAFETY")).safety == "SAFETY"
    assert marks(Reply("m", error=ProviderError("blocked", "No."))).safety
    assert marks(Reply("m", text="Fine", finish_reason="stop")).safety is None


@pytest.mark.parametrize(
    "bad", ["[" * 50_000, "[1, " * 20_000, "http://" * 20_000, "`" * 50_000, "sk-" * 50_000, "[a](h" * 20_000]
)
def test_a_text_full_of_signs_is_read_once(bad):
    """Quadratic matching would take minutes here, and the test run with it."""
    assert citations(bad) is not None
    assert mask_keys(bad, growing=True) is not None
