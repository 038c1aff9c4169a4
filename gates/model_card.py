"""The model comes with a model card that says what it is for, what it was made of, and where it fails.

Markdown under YAML front matter, with the sections of Mitchell et al. 2019 (*Model Cards for Model Reporting*), under
their names or those of Hugging Face's template, in any order and at any level. A section that holds a placeholder says
nothing. Looked for as ``model_card.md`` in the artifact, which the pin's digest covers, then as
``gatehouse/model_card.md`` of the training run. Where the front matter names model, version or digests, they must be
those that are judged. ``gatehouse gates model_card --template`` prints one to begin with.
"""

from gatehouse.evaluate.card_rules import contradictions, review
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.verdict import Outcome, Verdict, judged, plainly

THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "sections": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "string"},
            "description": "The required sections, each with what is to be written there; in place of the usual ones.",
            "default": {
                "Model details": "who made it and when, from which version of what, its type, its license, whom to ask",
                "Intended use": "which decision it is for, who acts on it, and what it must not be used for",
                "Factors": "groups, instruments and surroundings for which it may behave differently",
                "Metrics": "by which figures it is judged and why, its decision threshold, how uncertain they are",
                "Evaluation data": "which rows it was tested on, from when, how far they stand for what it will see",
                "Training data": "which rows it learnt from, from when, what was left out, and how labels were made",
                "Quantitative analyses": "the figures, as a whole and by group and by intersection of groups",
                "Ethical considerations": "who can be harmed by it, and what was done about that",
                "Caveats and recommendations": "where it is known to fail, and what to do there",
            },
        },
        "more_sections": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Sections besides those, in the same form.",
        },
        "fields": {
            "type": "array",
            "items": {"type": "string"},
            "uniqueItems": True,
            "default": ["license", "datasets"],
            "description": "Required keys of the front matter, in place of the usual ones.",
        },
        "more_fields": {
            "type": "array",
            "items": {"type": "string"},
            "uniqueItems": True,
            "description": "Required keys besides those.",
        },
        "max_age": {
            "type": "string",
            "pattern": "^(0|[1-9][0-9]{0,5})[smhdw]$",
            "description": "Oldest card, such as 365d, by its front matter's `date`; any age where it is not set.",
        },
    },
}


def check(evidence: Evidence, thresholds: Thresholds) -> Verdict:
    card = evidence.card("model_card")
    if card is None:
        return plainly(
            Outcome.FAIL,
            "there is no model card",
            "begin with `gatehouse gates model_card --template`, save it as model_card.md, and log it with the "
            'training run: mlflow.log_artifact("model_card.md", "gatehouse")',
        )
    pin, reviewed = evidence.request.candidate, review(card, thresholds, evidence.today)
    against, notes = contradictions(
        card,
        {
            "model": evidence.request.slot.model,
            "version": str(pin.version),
            "digest": pin.digest,
            "evaluation data": evidence.digests.get("evaluation"),
        },
    )
    advice = ["make the card say of which model it speaks, or take the line away"] if against.note else []
    wrong = [said for said in (reviewed.summary, against.note) if said]
    return judged(
        [*reviewed.measures, against],
        "; ".join(wrong) or f"complete, in {len(card.sections)} sections",
        advice=[*reviewed.advice, *advice],
        notes=[f"read from {card.where}, {card.digest}", *notes],
    )
