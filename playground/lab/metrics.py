"""Figures of texts: how varied, how alike, how near to a reference. Pure; knows no model, no sweep and no page.

Words are runs of letters and digits, lower-cased; scripts written without spaces count by character. BLEU is
sacrebleu's, which is loaded when it is first needed.
"""

from __future__ import annotations

import json
import re
import statistics
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

# Han, kana, Thai, Lao, Khmer, Burmese: no spaces between words, so that a run of them is no word.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Vowel signs and accents that stand as characters of their own are parts of their word.
MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0980-\u0dff"
WORD = re.compile(rf"[{UNSPACED}]|(?:[^\W_{UNSPACED}]|[{MARKS}])+")
ARTICLES = re.compile(r"\b(a|an|the)\b")
# Of a text without blanks around it. Nothing here can take the same blanks in two ways: a model may write thousands.
FENCE = re.compile(r"```(?:json)?[ \t\r]*\n(.*)```", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spread:
    """Several values of one figure: mean, standard deviation of the sample (n - 1; 0 for one), lowest, highest."""

    mean: float
    deviation: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Spread | None:
        """The spread of the values that are known; None where none is."""
        known = [float(value) for value in values if value is not None]
        if not known:
            return None
        deviation = statistics.stdev(known) if len(known) > 1 else 0.0
        return cls(statistics.fmean(known), deviation, min(known), max(known), len(known))


def words(text: str) -> list[str]:
    """The words of `text`, lower-cased, without punctuation."""
    return WORD.findall(text.lower())


def distinct(text: str, n: int) -> float | None:
    """Distinct-n: different n-grams over all n-grams, 0 to 1; None for a text of fewer than n words.

    Li, Galley, Brockett, Gao and Dolan, "A Diversity-Promoting Objective Function for Neural Conversation Models",
    NAACL 2016, section 5.2. It falls as a text grows longer, so compare texts of about one length.
    """
    found = words(text)
    grams = [tuple(found[at : at + n]) for at in range(len(found) - n + 1)]
    return len(set(grams)) / len(grams) if grams else None


@lru_cache(maxsize=4096)
def bleu(text: str, references: tuple[str, ...]) -> float:
    """Sentence BLEU of `text` against one or more references, 0 to 100.

    Papineni, Roukos, Ward and Zhu, "BLEU: a Method for Automatic Evaluation of Machine Translation", ACL 2002;
    as sacrebleu computes it (Post, "A Call for Clarity in Reporting BLEU Scores", WMT 2018): 13a tokens, exponential
    smoothing, effective order, so that short texts get a score.
    """
    return min(float(_bleu().sentence_score(text, list(references)).score), 100.0)


def self_bleu(texts: Sequence[str]) -> float | None:
    """Mean BLEU of each text against all the others, 0 (nothing alike) to 100 (all the same); None for fewer than two.

    Zhu, Lu, Zheng, Guo, Zhang, Wang and Yu, "Texygen: A Benchmarking Platform for Text Generation Models", SIGIR 2018.
    """
    if len(texts) < 2:
        return None
    scores = [bleu(text, (*texts[:at], *texts[at + 1 :])) for at, text in enumerate(texts)]
    return statistics.fmean(scores)


@lru_cache(maxsize=4096)
def rouge_l(text: str, reference: str) -> float:
    """ROUGE-L F1, 0 to 1: the longest common subsequence of words, in precision and recall.

    Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004, section 3.1, with beta = 1 and without
    stemming, as the rouge-score package has it; that package takes ASCII alone, here every script has words.
    """
    ours, theirs = words(text), words(reference)
    common = _common_subsequence(ours, theirs)
    if not common:
        return 0.0
    precision, recall = common / len(ours), common / len(theirs)
    return 2 * precision * recall / (precision + recall)


def exact_match(text: str, reference: str) -> bool:
    """Whether both say the same once case, punctuation, English articles and spaces are left out.

    The normalization of Rajpurkar, Zhang, Lopyrev and Liang, "SQuAD: 100,000+ Questions", EMNLP 2016, section 6.1.
    """
    return _normalized(text) == _normalized(reference)


def is_json(text: str) -> bool:
    """Whether `text` is one JSON value (RFC 8259), alone or in one Markdown code block."""
    fenced = FENCE.fullmatch(text.strip())
    try:
        json.loads(fenced[1] if fenced else text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(constant: str) -> None:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(constant)


@cache
def _bleu() -> Any:
    from sacrebleu.metrics.bleu import BLEU  # late: it takes a tenth of a second

    return BLEU(effective_order=True)


def _normalized(text: str) -> str:
    plain = "".join(sign for sign in text.lower() if unicodedata.category(sign)[0] not in "PS")
    return " ".join(ARTICLES.sub(" ", plain).split())


def _common_subsequence(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Length of the longest common subsequence, a word of `ours` at a time in one integer's bits.

    Hyyrö, "Bit-Parallel LCS-length Computation Revisited", AWOCA 2004.
    """
    places: dict[str, int] = {}
    for at, word in enumerate(theirs):
        places[word] = places.get(word, 0) | 1 << at
    every = (1 << len(theirs)) - 1
    left = every
    for word in ours:
        met = left & places.get(word, 0)
        left = (left + met | left - met) & every
    return len(theirs) - left.bit_count()
