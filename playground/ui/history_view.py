"""A conversation as the chatbot's messages, with what can be done to each turn. Pure; knows no component.

What can be done is links to `#turn-<verb>-<place>`; the page's script turns a click on one into an event. They stand in
an element, which a model's text cannot hold: a link of the same form in an answer does nothing and looks like no other.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from ..conversation.archive import Conversation, Totals
from ..conversation.growing import Reply
from ..conversation.output import mask_keys
from ..conversation.records import unkept_images, unkept_tokens
from ..types import Message, ModelSpec
from . import format, marks_view, transcript
from .transcript import Shown, text_block

ACTIONS = "actions"
EXPLAINED = (
    "All answers in this conversation: tokens in (prompts) and out (answers), and their cost. Cached tokens are a part "
    "of those in, thinking is a part of those out."
)
Card = Callable[[str], ModelSpec | None]


def drawn(conversation: Conversation, card: Card) -> list[tuple[int, Shown]]:
    """The branch in view: (the place of the turn, one of its chatbot messages), in order."""
    last, unkept, lost = conversation.leaf, unkept_images(conversation), unkept_tokens(conversation)
    shown: list[tuple[int, Shown]] = []
    for at in conversation.path():
        turn = conversation.turns[at]
        if turn.message.role == "user":
            parts = [*transcript.question(turn.message), *_unkept(unkept.get(at, 0), turn.lost_images)]
        elif turn.reply is None:
            parts = _written(turn.message)
        else:
            parts = [
                *transcript.turn(turn.reply, card(turn.reply.model), over=True),
                *marks_view.shown(turn.reply, kept=at not in lost, lost_tokens=turn.lost_tokens),
            ]
        if links := _links(conversation, at, last=at == last):
            parts = [*parts, _actions(links)]
        shown += [(at, part) for part in parts]
    return shown


def running(question: Message, reply: Reply | None, card: Card) -> list[Shown]:
    """The turn that is being written."""
    so_far = reply or Reply("")
    return [*transcript.question(question), *transcript.turn(so_far, card(so_far.model))]


def _unkept(unkept: int, lost: int) -> list[Shown]:
    """What is said of images that will be, or are, gone."""
    notes: list[str] = []
    if unkept:
        what, them = ("The image is", "it") if unkept == 1 else (f"The {unkept} images are", "them")
        notes.append(f"{what} too large to be kept with the conversation: after a reload, attach {them} again")
    if lost:
        what, them = ("An image in this question was", "it") if lost == 1 else (f"{lost} images here were", "them")
        notes.append(f"{what} too large to be kept: attach {them} again to ask about {them}")
    return [transcript.folded(transcript.NOTE, note) for note in notes]


def totals_html(totals: Totals) -> str:
    """The footer as HTML that explains itself on hover, and says there how fast the answers came."""
    pace: list[str] = []
    if totals.ttft_s is not None:
        pace.append(f"First token after {format.seconds(totals.ttft_s)} (median).")
    if totals.tokens_per_s is not None:
        pace.append(f"{totals.tokens_per_s:,.0f} tok/s over all answers.")
    title = " ".join([EXPLAINED, *pace])
    return f'<span title="{escape(title)}">{format.unbroken(totals_line(totals))}</span>'


def totals_line(totals: Totals) -> str:
    """The footer: what the whole conversation took."""
    if not totals.answers:
        return ""
    usage = totals.usage
    about = "≈ " if usage.estimated else ""
    answers = "1 answer" if totals.answers == 1 else f"{totals.answers:,} answers"
    parts = [answers, f"{about}{usage.input_tokens:,} in", f"{about}{usage.output_tokens:,} out"]
    parts += [f"{usage.cached_tokens:,} cached"] if usage.cached_tokens else []
    parts += [f"{about}{usage.thinking_tokens:,} thinking"] if usage.thinking_tokens else []
    if totals.unpriced < totals.answers:
        parts.append(format.money(totals.cost, estimated=totals.cost_estimated))
    if totals.unpriced:
        parts.append("price unknown" if totals.unpriced == totals.answers else f"{totals.unpriced} of unknown price")
    return format.DOT.join(parts)


def _links(conversation: Conversation, at: int, *, last: bool) -> list[str]:
    """What can be done to a turn, as Markdown."""
    turn = conversation.turns[at]
    links: list[str] = []
    places = conversation.siblings(at)
    if len(places) > 1:
        links.append(
            f"[‹](#turn-back-{at} 'The version before') {places.index(at) + 1}/{len(places)} "
            f"[›](#turn-next-{at} 'The next version')"
        )
    if turn.message.role == "user":
        links += [f"[Answer](#turn-retry-{at})", f"[Undo](#turn-undo-{at})"] if last else []
        return [*links, _fork(at)]
    if last and turn.reply and (cut := _cut(turn.reply)):
        links.append(f"[Continue](#turn-on-{at} '{cut}: go on writing')")
    if last and turn.reply and turn.reply.violations:
        links.append(f"[Repair](#turn-repair-{at} 'Ask again, and say what is wrong with this answer')")
    links.append(f"[Retry](#turn-retry-{at} 'Another answer; this one is kept')")
    if last:
        links.append(f"[Undo](#turn-undo-{at} 'Take back the question and its answer, to ask it differently')")
    return [*links, _fork(at)]


def _cut(reply: Reply) -> str:
    """Why there is more to be written, "" where there is not."""
    if not reply.text.strip():
        return ""
    if not reply.done:
        return "The answer was stopped"
    return "The answer was cut off at the token limit" if reply.finish_reason == "length" else ""


def _fork(at: int) -> str:
    return f"[Fork](#turn-fork-{at} 'A separate conversation that goes on from here')"


def _actions(links: list[str]) -> Shown:
    # Not guarded as a model's text is: every word of it is ours.
    text = f'<span class="turn-actions">{"&ensp;".join(links)}</span>'
    return {"role": "assistant", "content": [{"type": "text", "text": text}], "metadata": {"id": ACTIONS}}


def _written(message: Message) -> list[Shown]:
    """An answer that no model gave in this conversation; a key in it is hidden like any other."""
    text, _ = mask_keys(message.content)
    said: Shown = {"role": "assistant", "content": text_block(text)}
    note = transcript.folded(transcript.NOTE, "Written by you or imported")
    return [said, note, *marks_view.shown(Reply("", message.content))]
