"""What the answers of a run come to, cell by cell and setting by setting. Pure; knows no provider and no page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from . import metrics
from .metrics import Spread
from .runs import Result
from .sent import as_sent, unsent
from .sweep import Plan, Setting, in_words


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: how it is called and what it means. `drawn` ones are worth a picture of their own."""

    name: str
    label: str
    hint: str
    unit: Literal["count", "usd", "seconds", "share", "percent", "score"] = "count"
    drawn: bool = False


FIGURES = (
    Figure("words", "Words", "Length of the answer in words.", drawn=True),
    Figure("tokens", "Tokens", "Output tokens, thinking included."),
    Figure("cost", "Cost", "Mean cost of one call.", "usd", drawn=True),
    Figure("ttft_s", "First token", "Time until the first token arrived.", "seconds", drawn=True),
    Figure("tokens_per_s", "Tokens/s", "Output tokens per second after the first one; calls made at once share."),
    Figure("distinct_1", "Distinct-1", "Different words, as a share of all words of an answer.", "share"),
    Figure("distinct_2", "Distinct-2", "Different pairs of words, as a share of all pairs.", "share", drawn=True),
    Figure(
        "self_bleu",
        "Self-BLEU",
        "How alike the samples of one prompt are: at 0 they share nothing, at 100 they are the same.",
        "score",
        drawn=True,
    ),
    Figure("bleu", "BLEU", "Overlap with the reference in runs of up to four words, 0 to 100.", "score"),
    Figure("rouge_l", "ROUGE-L", "Words shared with the reference in the same order, 0 to 1.", "share", drawn=True),
    Figure("exact", "Exact", "Answers equal to the reference, apart from case, punctuation and articles.", "percent"),
    Figure("json", "JSON", "Answers that are valid JSON.", "percent"),
)

# Those that an answer's usage tells; estimated where its provider has not counted the tokens.
OF_USAGE = frozenset({"tokens", "cost", "tokens_per_s"})
OF_TEXT = tuple(figure for figure in FIGURES if figure.name not in {*OF_USAGE, "ttft_s"})

Figures = dict[str, float | None]


def cell_figures(result: Result, reference: str | None) -> Figures:
    """The figures of one answer by name; None where one cannot be told. A failed call has no figures of its text."""
    usage = result.usage
    found: Figures = {
        "tokens": usage.output_tokens if usage else None,
        "cost": result.cost,
        "ttft_s": result.ttft_s,
        "tokens_per_s": result.tokens_per_s,
    }
    if result.failed:
        return found
    text = result.text
    found |= {
        "words": len(metrics.words(text)),
        "distinct_1": metrics.distinct(text, 1),
        "distinct_2": metrics.distinct(text, 2),
        "json": float(metrics.is_json(text)),
    }
    if reference is not None:
        found |= {
            "bleu": metrics.bleu(text, (reference,)),
            "rouge_l": metrics.rouge_l(text, reference),
            "exact": float(metrics.exact_match(text, reference)),
        }
    return found


@dataclass(frozen=True, slots=True)
class SettingFigures:
    """One setting's figures over all its answers, and how many of its calls are done and have failed.

    `estimated`: of an answer at least the tokens were not counted by its provider.
    """

    setting: Setting
    label: str
    spreads: Mapping[str, Spread | None]
    done: int
    failed: int
    estimated: bool = False


@dataclass
class _Answers:
    """What has come of one setting."""

    setting: Setting
    label: str
    cells: list[Figures] = field(default_factory=list[Figures])
    failed: int = 0
    estimated: bool = False
    samples: dict[int, list[str]] = field(default_factory=dict[int, list[str]])

    def add(self, prompt: int, result: Result, reference: str | None) -> None:
        self.cells.append(cell_figures(result, reference))
        self.failed += result.failed
        self.estimated |= result.usage is not None and result.usage.estimated
        if not result.failed:
            self.samples.setdefault(prompt, []).append(result.text)

    def figures(self) -> SettingFigures:
        spreads = _spreads(self.cells, list(self.samples.values()))
        return SettingFigures(self.setting, self.label, spreads, len(self.cells), self.failed, self.estimated)


def summarize(plan: Plan, results: Mapping[str, Result]) -> list[SettingFigures]:
    """The figures of every setting, in the order of the plan. Costs a pass over all answers; blocking.

    An answer that was asked for without a parameter counts for the setting that was sent, which comes last where
    nobody had planned it; a setting of which nothing was sent as it stands is left out.
    """
    found = {setting.id: _Answers(setting, plan.label(setting)) for setting in plan.settings}
    sent: dict[tuple[int, tuple[str, ...]], str] = {}
    elsewhere: set[str] = set()
    for cell in plan.cells:
        result = results.get(cell.key)
        if result is None:
            continue
        setting = plan.settings[cell.setting]
        without = unsent(setting, result)
        if (cell.setting, without) not in sent:
            came_to = as_sent(plan, setting, without)
            found.setdefault(came_to.id, _Answers(came_to, _label(plan, came_to, without)))
            sent[cell.setting, without] = came_to.id
        at = sent[cell.setting, without]
        found[at].add(cell.prompt, result, plan.sweep.prompts[cell.prompt].reference)
        if at != setting.id:
            elsewhere.add(setting.id)
    return [one.figures() for one in found.values() if one.cells or one.setting.id not in elsewhere]


def _label(plan: Plan, setting: Setting, without: Sequence[str]) -> str:
    """A setting that nobody planned; what its label does not show of it, is said."""
    hidden = [f"{in_words(name)} not sent" for name in without if name not in plan.varied]
    return " · ".join([plan.label(setting), *hidden])


def telling(plan: Plan, figures: Sequence[SettingFigures]) -> list[Figure]:
    """The figures that say something about this run: those of references where there are any, and so on."""
    known = {name for one in figures for name, spread in one.spreads.items() if spread is not None}
    if not _is_about_json(plan, figures):
        known.discard("json")
    return [figure for figure in FIGURES if figure.name in known]


def _spreads(cells: Sequence[Figures], samples: Sequence[Sequence[str]]) -> dict[str, Spread | None]:
    names = [figure.name for figure in FIGURES if figure.name != "self_bleu"]
    spreads = {name: Spread.of(cell.get(name) for cell in cells) for name in names}
    if any(cell["cost"] is None and cell["tokens"] is not None for cell in cells):
        spreads["cost"] = None  # the mean of the known ones would be that of other calls
    return {**spreads, "self_bleu": Spread.of(metrics.self_bleu(texts) for texts in samples)}


def _is_about_json(plan: Plan, figures: Sequence[SettingFigures]) -> bool:
    asked = any("json" in prompt.text.lower() for prompt in plan.sweep.prompts)
    said = [spread for one in figures if (spread := one.spreads.get("json"))]
    return asked or any(spread.mean for spread in said)
