"""Prompt sets: pasted, uploaded, built in; what is broken is said with its line."""

import pytest

from playground.lab import prompts
from playground.lab.prompts import Prompt, PromptSetError, read_file, read_lines, write_lines


def test_pasted_lines_are_prompts_and_references_stand_beside_them():
    assert read_lines("One?\n\n  Two?  \n") == (Prompt("One?"), Prompt("Two?"))
    assert read_lines("One?\nTwo?", "1\n2\n\n") == (Prompt("One?", "1"), Prompt("Two?", "2"))
    assert read_lines("One?\nTwo?\nThree?", "1\n\n3") == (Prompt("One?", "1"), Prompt("Two?"), Prompt("Three?", "3"))
    assert read_lines("  \n") == ()


def test_references_of_another_number_are_refused():
    with pytest.raises(PromptSetError, match="3 prompts and 2 references"):
        read_lines("One?\nTwo?\nThree?", "1\n2")


def test_what_is_written_as_lines_is_read_again():
    several = (Prompt("Sum up:\nfirst\nsecond", "a\nb"), Prompt("Plain \\n stays"))
    assert read_lines(*write_lines(several)) == several
    assert write_lines([Prompt("x"), Prompt("y")])[1] == ""


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", b"\xef\xbb\xbfOne?\r\n\r\nTwo?\r\n", [Prompt("One?"), Prompt("Two?")]),
        ("a.TXT", "Grüße?\n你好?".encode("utf-16"), [Prompt("Grüße?"), Prompt("你好?")]),
        ("a.csv", b'prompt,reference\nOne?,1\n"Two, or\nthree?",\n', [Prompt("One?", "1"), Prompt("Two, or\nthree?")]),
        ("a.csv", b'id;Question;Answer\n7;"Say ""hi""";hi\n', [Prompt('Say "hi"', "hi")]),
        ("a.csv", b"prompt,reference\rOne?,1\rTwo?,2\r", [Prompt("One?", "1"), Prompt("Two?", "2")]),
        ("a.csv", b"\xef\xbb\xbfJust a question\nAnother one\n", [Prompt("Just a question"), Prompt("Another one")]),
        ("a.jsonl", b'{"prompt": "One?", "reference": "1"}\n\n"Two?"\n', [Prompt("One?", "1"), Prompt("Two?")]),
        ("a.jsonl", b'{"question": "a\\u2028b", "answer": null}', [Prompt("a\u2028b")]),
    ],
)
def test_files_of_each_kind_are_read(name, content, expected):
    assert list(read_file(name, content)) == expected


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b'prompt,reference\nOne?,1\n"Two?,2\nThree?,3\n', "Line 3 is broken CSV"),
        ("a.csv", b'prompt,reference\nOne?,1\n"Two" more,2\n', "Line 3 is broken CSV"),
        ("a.csv", b'prompt\n"' + b"x" * 150_000, "Line 2 is broken CSV .a cell of more than 131,072 characters"),
        ("a.csv", b"prompt,reference\nOne, two?,1\n", "Line 2 has 3 cells and the first line 2"),
        ("a.csv", b"id,text\n1,One?\n", "Line 1 names no column prompt: it has id, text"),
        ("a.txt", "One?\nGrüße?".encode("latin-1"), "Line 2 is not in UTF-8"),
        ("a.txt", "One?\nTwo?".encode("utf-16-le"), "Line 1 contains a zero byte"),
        ("a.txt", b"\xff\xfeO\0n\0e", "Line 1 is not in UTF-8"),
        ("a.txt", b" \n\n", "no prompt"),
        ("a.txt", b"", "no prompt"),
        ("a.jsonl", b'{"prompt": "One?"}\n{"prompt": \n', "Line 2 is not JSON"),
        ("a.jsonl", b'{"text": "One?"}\n', 'Line 1 has no field "prompt"'),
        ("a.jsonl", b"[1]\n", "Line 1 is neither"),
        ("a.jsonl", b'{"prompt": 3}\n', "Line 1: the prompt is not text"),
        ("a.jsonl", b'{"prompt": "\\ud800"}\n', "Line 1: the prompt contains half a character"),
        ("a.pdf", b"%PDF", r"'a.pdf' is not a .txt, .csv or .jsonl file"),
        ("a.txt", b"x\n" * 10_001, "10,001 prompts"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_line(name, content, said):
    with pytest.raises(PromptSetError, match=said):
        read_file(name, content)


@pytest.mark.parametrize("name", prompts.BUILT_IN)
def test_every_built_in_set_can_be_read(name):
    assert len(prompts.built_in(name)) >= 4


def test_a_set_that_nobody_wrote_is_no_file_to_open():
    with pytest.raises(KeyError):
        prompts.built_in("../../settings")
