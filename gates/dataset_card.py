"""The training data comes with a dataset card that says where it is from, what is in it, and how it was prepared.

Markdown under YAML front matter, with the sections of Gebru et al. 2021 (*Datasheets for Datasets*), under their names
or those of Hugging Face's template, in any order and at any level. A section that holds a placeholder says nothing.
Looked for as ``gatehouse/dataset_card.md`` of the training run, then at ``path`` in this repository.
``gatehouse gates dataset_card --template`` prints one to begin with.
"""

from gatehouse.evaluate.card_rules import review
from gatehouse.evaluate.evidence import Evidence
from gatehouse.evaluate.gates import Thresholds
from gatehouse.verdict import Outcome, Verdict, judged, plainly

THRESHOLDS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "path": {
            "type": "string",
            "minLength": 1,
            "description": "A card in this repository, for runs that log none; read as the base branch has it.",
        },
        "sections": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "string"},
            "description": "The required sections, each with what is to be written there; in place of the usual ones.",
            "default": {
                "Motivation": "why these data were gathered, by whom, and for which task",
                "Composition": "what a row is, how many there are, columns and labels, what is missing, known errors",
                "Collection process": "how and when rows were acquired and sampled, and whether people agreed to it",
                "Preprocessing": "what was cleaned, left out, imputed and labelled, and where the raw data are",
                "Uses": "what they have been used for, and what they must not be used for",
                "Personal and sensitive information": "which columns are about people, and how they are protected",
                "Distribution": "who may have them, under which license or terms",
                "Maintenance": "who looks after them, how often they are renewed, how errors are reported",
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
            "default": ["license"],
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
    card = evidence.card("dataset_card")
    if card is None:
        return plainly(
            Outcome.FAIL,
            "there is no dataset card",
            "begin with `gatehouse gates dataset_card --template`, save it as dataset_card.md, and log it with the "
            'training run: mlflow.log_artifact("dataset_card.md", "gatehouse"); or commit it, and name its `path`',
        )
    reviewed = review(card, thresholds, evidence.today)
    return judged(
        reviewed.measures,
        reviewed.summary or f"complete, in {len(card.sections)} sections",
        advice=reviewed.advice,
        notes=[f"read from {card.where}, {card.digest}"],
    )
