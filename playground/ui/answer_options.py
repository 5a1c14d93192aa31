"""How an answer is wanted: JSON, probabilities, what to do with a long conversation. Knows no provider and no chat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..conversation.jsonmode import parse_schema
from ..models.catalog import Catalog
from ..types import ModelSpec, Options, Strategy
from .quiet import DIRECT
from .untyped import gr

STRATEGIES: tuple[tuple[str, Strategy], ...] = (
    ("Leave out the oldest messages", "oldest"),
    ("Keep the first exchange and the newest messages", "middle"),
    ("Stop and say so", "stop"),
)
# How many alternatives to each token are asked for.
ALTERNATIVES = 5
SCHEMA_HINT = '{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}'


@dataclass(frozen=True)
class AnswerOptions:
    """The components; the schema is in view while JSON is wanted."""

    json_mode: Any
    schema: Any
    logprobs: Any
    strategy: Any

    @property
    def named(self) -> dict[str, Any]:
        """The components by the names under which an event's values are read."""
        return {
            "json_mode": self.json_mode,
            "json_schema": self.schema,
            "logprobs": self.logprobs,
            "strategy": self.strategy,
        }

    def read_named(self, values: Mapping[str, Any]) -> Options:
        """Options from values by the names of `named`. Raises ProviderError for a schema that is none."""
        wants_json = bool(values["json_mode"])
        return Options(
            json_schema=parse_schema(values["json_schema"] or "") if wants_json else None,
            json_mode=wants_json,
            logprobs=ALTERNATIVES if values["logprobs"] else None,
            strategy=values["strategy"] or "oldest",
        )


def lay_out(model: ModelSpec) -> AnswerOptions:
    """An accordion below the sampling parameters."""
    with gr.Accordion("Answer and context", open=False, elem_classes="answer-options"):
        json_mode = gr.Checkbox(False, container=False, elem_id="json-mode", **_json(model))
        schema = gr.Textbox(
            label="JSON schema (optional)",
            info="Which fields the answer has, and of which types.",
            placeholder=SCHEMA_HINT,
            lines=5,
            max_lines=14,
            visible=False,
            elem_id="json-schema",
            elem_classes="mono",
        )
        logprobs = gr.Checkbox(False, container=False, elem_id="logprobs", **_logprobs(model))
        strategy = gr.Radio(
            list(STRATEGIES),
            value="oldest",
            label="When the conversation is too long",
            info="The context window is the most that a model can read at once, in tokens.",
            elem_id="strategy",
        )
    return AnswerOptions(json_mode, schema, logprobs, strategy)


def wire(options: AnswerOptions, model: Any, catalog: Catalog) -> None:
    """The components follow the model that is chosen."""

    def follow(model_id: str) -> list[Any]:
        card = catalog.get(model_id)
        off = {} if card.family.logprobs else {"value": False}
        return [gr.update(**_json(card)), gr.update(**_logprobs(card), **off)]

    model.change(follow, model, [options.json_mode, options.logprobs], **DIRECT)
    options.json_mode.change(_shown_if, options.json_mode, options.schema, **DIRECT)


def _shown_if(on: bool) -> Any:
    return gr.update(visible=on)


def _json(model: ModelSpec) -> dict[str, Any]:
    how = "The provider enforces it" if model.family.json_schema else "The model is only asked to"
    return {"label": "Answer in JSON", "info": f"{how}, and every answer is checked."}


def _logprobs(model: ModelSpec) -> dict[str, Any]:
    given = model.family.logprobs
    hint = "Unfold an answer to see how likely each token was (logprobs)." if given else "This model reports none."
    return {"label": "Show token probabilities", "info": hint, "interactive": given}
