"""The accordion of sampling parameters: {SamplingParams field: components}. Knows no chat and no arena."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..models.capabilities import clamped, range_of, refusals
from ..models.catalog import Catalog
from ..models.learned import NOTHING, Learned
from ..types import ModelSpec, SamplingParams
from .quiet import DIRECT
from .untyped import gr

UNSET = "Provider default"


@dataclass(frozen=True, slots=True)
class Control:
    """How one parameter is shown: `start` is what it begins with once it is switched on."""

    field: str
    label: str
    hint: str
    start: Any
    kind: Literal["slider", "number", "text", "choice"] = "slider"
    step: float = 0.05


CONTROLS = (
    Control("temperature", "Temperature", "Lower is more focused, higher is more varied.", 0.7),
    Control("top_p", "Top-p", "Draws only from the likeliest tokens that add up to this probability.", 0.9, step=0.01),
    Control("top_k", "Top-k", "Draws only from this many of the likeliest tokens; 0 means no limit.", 40, "slider", 1),
    Control("min_p", "Min-p", "Drops tokens less likely than this share of the likeliest one.", 0.05, step=0.01),
    Control("max_tokens", "Max tokens", "The answer is cut off after this many tokens.", 512, "number", 1),
    Control("stop", "Stop sequences", "The answer ends before any of these; one per line.", "", "text"),
    Control("seed", "Seed", "The same seed and settings repeat an answer, where the model can.", 42, "number", 1),
    Control("presence_penalty", "Presence penalty", "Above 0, tokens that have appeared become less likely.", 0.5),
    Control("frequency_penalty", "Frequency penalty", "Above 0, each repetition makes a token less likely.", 0.5),
    Control("effort", "Effort", "How long the model may think before it answers.", None, "choice"),
)
FIELDS = tuple(control.field for control in CONTROLS)
HINTS = {control.field: control.hint for control in CONTROLS}


@dataclass(frozen=True)
class Sampling:
    """The accordion's components: for each control a switch ("is it set?") and the value."""

    switches: dict[str, Any]
    values: dict[str, Any]

    @property
    def inputs(self) -> list[Any]:
        """Every component in the order `read` expects."""
        return [*self.switches.values(), *self.values.values()]

    def read(self, values: Sequence[Any]) -> SamplingParams:
        """SamplingParams from the values of `inputs`; what is switched off stays unset."""
        names = list(self.switches)
        on, given = values[: len(names)], values[len(names) :]
        kept = {
            name: value
            for name, switch, raw in zip(names, on, given, strict=True)
            if switch and (value := _clean(name, raw)) is not None
        }
        return SamplingParams(**kept)

    @property
    def named(self) -> dict[str, Any]:
        """Every component by the name under which an event's values are read."""
        return dict(zip(self._names(), self.inputs, strict=True))

    def read_named(self, values: Mapping[str, Any]) -> SamplingParams:
        """SamplingParams from values by the names of `named`."""
        return self.read([values[name] for name in self._names()])

    def _names(self) -> list[str]:
        return [*(f"sets_{field}" for field in self.switches), *self.values]

    def preset(self, sampling: SamplingParams, model: ModelSpec, learned: Mapping[str, str] = NOTHING) -> list[Any]:
        """Updates of `inputs` that make them hold what `model` takes of `sampling`; what has no control is left out.

        A value that its control does not allow would have the page refuse every event, so each becomes the nearest
        within the model's limits. `learned` is what its provider has refused before.
        """
        given = {field: value for field, value in sampling.sent().items() if field in self.switches}
        if given.get("effort") not in model.family.efforts:
            given.pop("effort", None)
        why = refusals(model.family, given.get("effort"), learned)
        given = {field: value for field, value in given.items() if field not in why}
        controls = [control for control in CONTROLS if control.field in self.switches]
        switches = [gr.update(**_switch(control, why), value=control.field in given) for control in controls]
        values: list[Any] = []
        for control in controls:
            held = {"value": given[control.field]} if control.field in given else {}
            nearest = _nearest(control, model, given.get(control.field))
            values.append(gr.update(**_limits(control, model), **{**held, **nearest}, visible=bool(held)))
        return [*switches, *values]

    def updates(
        self,
        model: ModelSpec,
        switched_on: Sequence[bool],
        effort: str | None,
        held: Mapping[str, Any] = NOTHING,
        learned: Mapping[str, str] = NOTHING,
    ) -> list[Any]:
        """What changes in `inputs` when the model or its effort changes; a refused parameter is switched off.

        Of what the fields have `held`, those that this model would not take become the nearest that it does.
        `learned` is what its provider has refused before.
        """
        why = refusals(model.family, effort, learned)
        controls = [control for control in CONTROLS if control.field in self.switches]
        switches = [
            gr.update(**_switch(control, why), **({"value": False} if control.field in why else {}))
            for control in controls
        ]
        values = [
            gr.update(
                **_limits(control, model),
                **_nearest(control, model, held.get(control.field)),
                visible=on and control.field not in why,
            )
            for control, on in zip(controls, switched_on, strict=True)
        ]
        return [*switches, *values]


def lay_out(model: ModelSpec, fields: Collection[str] = FIELDS) -> Sampling:
    """The accordion, as `model` takes it, with the parameters in `fields`."""
    switches: dict[str, Any] = {}
    values: dict[str, Any] = {}
    why = refusals(model.family, None)
    with gr.Accordion("Sampling parameters", open=False, elem_classes="sampling"):
        for control in (control for control in CONTROLS if control.field in fields):
            with gr.Column(elem_classes="param", min_width=120):
                switches[control.field] = gr.Checkbox(**_switch(control, why), container=False)
                values[control.field] = _value(control, model)
    for field, switch in switches.items():
        switch.change(
            _shown_if,
            switch,
            values[field],
            **DIRECT,
        )
    return Sampling(switches, values)


def follow(sampling: Sampling, model: Any, catalog: Catalog, learned: Learned | None = None) -> None:
    """Fits the accordion to the model that is chosen in the component `model`, and to the effort."""
    remembered = learned or Learned()
    count = len(sampling.switches)

    def refit(model_id: str, effort: str | None, *given: Any) -> list[Any]:
        values = dict(zip(sampling.values, given[count:], strict=True))
        return sampling.updates(catalog.get(model_id), given[:count], effort, values, remembered.of(model_id))

    effort = sampling.values["effort"]
    for changed in (model.change, effort.change, sampling.switches["effort"].change):
        changed(
            refit,
            [model, effort, *sampling.inputs],
            sampling.inputs,
            **DIRECT,
        )


def _shown_if(on: bool) -> Any:
    return gr.update(visible=on)


def _switch(control: Control, why: dict[str, str]) -> dict[str, Any]:
    refused = why.get(control.field)
    return {
        "label": control.label,
        "info": f"{refused[0].upper()}{refused[1:]}." if refused else control.hint,
        "interactive": refused is None,
    }


def _limits(control: Control, model: ModelSpec) -> dict[str, Any]:
    if control.kind == "text":
        return {}
    if control.kind == "choice":
        return {"choices": list(model.family.efforts)}
    low, high = range_of(model, control.field)
    return {"minimum": low, "maximum": high}


def _nearest(control: Control, model: ModelSpec, value: Any) -> dict[str, Any]:
    if control.kind not in ("slider", "number") or not isinstance(value, int | float):
        return {}
    nearest = clamped(model, control.field, value)
    return {"value": nearest} if nearest != value else {}


def _value(control: Control, model: ModelSpec) -> Any:
    common: dict[str, Any] = {
        "label": control.label,
        "show_label": False,
        "visible": False,
        "container": False,
        "interactive": True,
    }
    limits = _limits(control, model)
    match control.kind:
        case "slider":
            return gr.Slider(value=control.start, step=control.step, **limits, **common)
        case "number":
            return gr.Number(value=control.start, precision=0, **limits, **common)
        case "choice":
            return gr.Radio(value=control.start, **limits, **common)
        case "text":
            return gr.Textbox(value=control.start, lines=2, placeholder="One per line", **common)


def _clean(name: str, value: Any) -> Any:
    """A value as SamplingParams holds it; an emptied field counts as unset."""
    if name == "stop":
        return tuple(line for line in _lines(value) if line) or None
    return value if value not in ("", None) else None


def _lines(value: Any) -> Iterable[str]:
    """`\\n` typed as two characters means a line break, which no line could hold otherwise."""
    return (line.replace("\\n", "\n") for line in str(value or "").splitlines())
