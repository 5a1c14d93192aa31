"""Text of a model as Markdown that loads nothing and holds no HTML. Pure; knows no component.

Gradio's sanitiser lets images, forms, inputs and inline styles through, so nothing that could become a tag may reach
it. A sign that would begin a tag or an image gets an invisible neighbour (WORD JOINER), which no parser takes for part
of either: what is shown looks the same wherever it stands, and `plain` takes it out again. Only fenced code stays
exactly as it is, and only where the page's Markdown parser is sure to see code: `_fenced` sees to that.
"""

from __future__ import annotations

import re

JOINER = "\u2060"
# What begins a tag, a comment or an image; and what makes the page draw a diagram, which brings its own styles.
RISKY = re.compile(r"<(?=[A-Za-z/!?])|!(?=\[)|(?<=[`~])[ \t]*mermaid", re.IGNORECASE)
GUARDED = re.compile(f"(<|!|mermaid){JOINER}", re.IGNORECASE)
FENCE = re.compile(r"( *)(`{3,}|~{3,})([^`\n]*)")
RUNS = re.compile(r"`{3,}|~{3,}")
# The page takes formulas out before it looks at Markdown, so a fence inside of one is none. In this order.
FORMULAS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"))
# A formula's place while the rest is looked at: two characters that no text has, and a number between.
BEGIN, END = "\ue000", "\ue001"
PLACE = re.compile(f"{BEGIN}(\\d+){END}")


def guarded(text: str) -> str:
    """`text` for a component that renders Markdown and formulas: images become links, HTML becomes visible."""
    if not RISKY.search(text):
        return text
    formulas: list[str] = []
    rest = text.replace(BEGIN, "").replace(END, "")
    for left, right in FORMULAS:
        rest = _taken_out(rest, left, right, formulas)
    shown = _fenced(rest)
    while BEGIN in shown:  # a formula may have been taken out of the middle of another
        shown = PLACE.sub(lambda place: formulas[int(place.group(1))], shown)
    return shown


def plain(text: str) -> str:
    """What was `guarded`, as it was: for a model that reads its own answer again."""
    return GUARDED.sub(r"\1", text)


def _guarded(text: str) -> str:
    return RISKY.sub(lambda match: match.group() + JOINER, text)


def _taken_out(text: str, left: str, right: str, formulas: list[str]) -> str:
    """`text` with a mark in the place of each formula between `left` and `right`, which is guarded and kept.

    In one pass: a text of nothing but openings must not cost a search each.
    """
    parts: list[str] = []
    at = 0
    while (begin := text.find(left, at)) >= 0 and (end := text.find(right, begin + len(left) + 1)) >= 0:
        end += len(right)
        parts += [text[at:begin], f"{BEGIN}{len(formulas)}{END}"]
        formulas.append(_guarded(text[begin:end]))
        at = end
    return "".join([*parts, text[at:]])


def _fenced(text: str) -> str:
    """Guards all but fenced code, whose fences are written so that no parser can see them end earlier.

    A fence stands after an empty line, is longer than any in its code and is always closed; a line that is indented
    less than its fence might not belong to it, so the code ends before it.
    """
    done: list[str] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        fence = FENCE.fullmatch(lines[at])
        if fence is None:
            done.append(_guarded(lines[at]))
            at += 1
            continue
        code, after = _code(lines, at + 1, fence)
        mark = fence[2][0] * max(len(fence[2]), 1 + max((len(run) for run in RUNS.findall("\n".join(code))), default=0))
        if done and done[-1].strip():
            done.append("")
        done += [_guarded(f"{fence[1]}{mark}{fence[3]}"), *code]
        if after <= len(lines):  # else it is still being written
            done.append(f"{fence[1]}{mark}")
        at = after
    return "\n".join(done)


def _code(lines: list[str], begin: int, fence: re.Match[str]) -> tuple[list[str], int]:
    """The lines of the code that begins at `begin`, and where the text goes on: beyond its end if nothing closed it."""
    for at in range(begin, len(lines)):
        line, own = lines[at], lines[at].strip(" ")
        if own.startswith(fence[2]) and not own.strip(fence[2][0]):
            return lines[begin:at], at + 1
        if own and not line.startswith(fence[1]):
            return lines[begin:at], at
    return lines[begin:], len(lines) + 1
