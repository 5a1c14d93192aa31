"""What comes next, as values: bars before and after the filters, the greedy path, a tree of draws. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ..lab.branches import Branch, grow
from ..lab.decoding import Distribution, Filtered, Filters, decode
from ..lab.token_lab import Path
from .token_marks import drawn
from .tokens_view import percent, token_name

MOST_BARS = 20
Pieces = Sequence[bytes]


def strip(text: str, chat: bool, chosen: Sequence[int], pieces: Pieces) -> str:
    """The end of the prefix, and the tokens that were appended to it."""
    tail = text[-160:]
    shown = drawn(tail.encode("utf-8", "replace"))
    before = f"<q>{'… ' if len(text) > len(tail) else ''}{shown}</q>"
    begins = '<small title="The answer begins here">answer</small>' if chat else ""
    tokens = "".join(f"<i>{drawn(pieces[token])}</i>" for token in chosen)
    hint = "" if chosen else '<small class="hint">click a token below to append it</small>'
    return f'<div class="walk">{before}{begins}{tokens}{hint}</div>'


def summary(found: Distribution, left: Filtered) -> str:
    """What the filters did, in one line."""
    steps = [f"{len(found.ids):,} tokens"]
    steps += [f"{name} leaves <strong>{kept:,}</strong>" for name, kept in left.steps if kept < len(found.ids)]
    if left.kept == len(found.ids):
        steps.append("none cut")
    figures = [
        (
            "Entropy before",
            f"{found.entropy_bits:.2f} bits",
            "How open the choice is over the whole vocabulary: 0 bits is certain, each further bit doubles it",
        ),
        ("Entropy after", f"{left.entropy_bits:.2f} bits", "The same for the tokens that are kept"),
        ("Kept", f"{left.kept:,}", "Tokens that can still be drawn"),
        ("Kept share", percent(left.kept_mass), "How likely the kept tokens were together before the filters"),
    ]
    listed = "".join(f'<div title="{said}"><dt>{name}</dt><dd>{value}</dd></div>' for name, value, said in figures)
    return f'<dl class="token-figures">{listed}</dl><p class="token-note">{" → ".join(steps)}</p>'


def bars(found: Distribution, filters: Filters, pieces: Pieces) -> str:
    """The most probable tokens, each a button that appends it, with two bars: before and after."""
    left = decode(found, filters)
    shown = found.ids[:MOST_BARS].tolist()
    widest = max(float(found.p[0]), left.p_after(0))
    rows = "".join(
        _bar(token, float(found.p[rank]), left.p_after(rank), widest, pieces) for rank, token in enumerate(shown)
    )
    rest = float(found.p[len(shown) :].sum())
    others = f"{len(found.ids) - len(shown):,} more tokens have {percent(max(rest, 0.0))} together before the filters"
    kept = f", {left.kept - len(shown):,} of them kept" if left.kept > len(shown) else ""
    legend = '<p class="bar-legend"><span class="before">before</span><span class="after">after the filters</span></p>'
    note = f'<p class="token-note">{others}{kept}.</p>'
    return f"{summary(found, left)}{legend}<div class='next-bars'>{rows}</div>{note}"


def _bar(token: int, before: float, after: float, widest: float, pieces: Pieces) -> str:
    name = token_name(pieces[token])
    said = f"{name}\nid {token}\n{percent(before)} before, {percent(after)} after\nclick to append"
    cut = "" if after else " cut"
    return (
        f'<button type="button" class="next-bar{cut}" data-ids="{token}" title="{said}" '
        f'aria-label="Append {name}: {percent(before)} before, {percent(after)} after">'
        f'<span class="token">{drawn(pieces[token])}</span>'
        f'<span class="pair"><i style="width:{100 * before / widest:.2f}%"></i>'
        f'<b style="width:{100 * after / widest:.2f}%"></b></span>'
        f'<span class="share">{percent(before)}</span><span class="share">{percent(after) if after else "cut"}</span>'
        "</button>"
    )


def greedy_path(path: Path, pieces: Pieces) -> str:
    """The most probable token, and the one after it, and so on; a click appends all up to it."""
    buttons: list[str] = []
    so_far: list[int] = []
    for token, p in path.tokens:
        so_far.append(token)
        name = token_name(pieces[token])
        share = "part" if p is None else percent(p)
        buttons.append(_step(so_far, drawn(pieces[token]), share, f"{name}\n{share} before the filters"))
    end = "<small>the end</small>" if path.ended else ""
    return f'<div class="path">{"".join(buttons)}{end}</div>'


def _step(ids: Sequence[int], shown: str, small: str, said: str) -> str:
    listed = " ".join(map(str, ids))
    label = said.replace("\n", ", ")
    return (
        f'<button type="button" class="step" data-ids="{listed}" title="{said}\nclick to append" '
        f'aria-label="Append up to {label}"><span class="token">{shown}</span><small>{small}</small></button>'
    )


def tree(paths: Sequence[Path], pieces: Pieces) -> str:
    """The draws as a tree: what several have in common stands once, with how many they are."""
    branches = grow([[token for token, _ in path.tokens] for path in paths])
    return f'<div class="tree">{_branches(branches, (), len(paths), pieces)}</div>'


def _branches(branches: Sequence[Branch], before: tuple[int, ...], draws: int, pieces: Pieces) -> str:
    return f"<ul>{''.join(_branch(one, before, draws, pieces) for one in branches)}</ul>" if branches else ""


def _branch(branch: Branch, before: tuple[int, ...], draws: int, pieces: Pieces) -> str:
    so_far = (*before, *branch.tokens)
    shown = "".join(f"<i>{drawn(pieces[token])}</i>" for token in branch.tokens)
    name = "".join(token_name(pieces[token]) for token in branch.tokens)
    many = f"{branch.draws} of {draws} draws go this way"
    listed = " ".join(map(str, so_far))
    count = f'<small title="{many}">{branch.draws}×</small>' if branch.draws > 1 else "<small></small>"
    return (
        f'<li>{count}<button type="button" data-ids="{listed}" title="{many}\nclick to append" '
        f'aria-label="Append {name}: {many}">{shown}</button>'
        f"{_branches(branch.forks, so_far, draws, pieces)}</li>"
    )
