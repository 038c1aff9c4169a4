"""``gatehouse gates``: what there is, what it means, and a card to begin with."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gatehouse.cli.main import main
from gatehouse.evaluate.cards import parse

POLICY = """\
owner: "@acme/credit-risk"
risk: low
task: binary
reviewed: 2026-03-01
gates:
  model_card: {more_sections: {Thin files: what it does without history}, max_age: 365d}
stages:
  production: {gates: [model_card]}
"""
STAGES = "stages:\n  - {name: production, registry: 'sqlite:///mlflow.db'}\n"


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["gates", *args])
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    subprocess.run(("git", "init", "-q"), cwd=tmp_path, check=True)
    (tmp_path / "promotions/credit-risk").mkdir(parents=True)
    (tmp_path / "promotions/credit-risk/policy.yaml").write_text(POLICY)
    (tmp_path / "promotions/stages.yaml").write_text(STAGES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_card_to_begin_with_has_every_section_and_field(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("model_card", "--template") == 0

    card = parse(capsys.readouterr().out.encode(), "the template")
    assert list(card.meta) == ["license", "datasets"]
    assert [section.heading for section in card.sections][:3] == ["Model card", "Model details", "Intended use"]
    assert not any(section.says_something for section in card.sections)


def test_a_models_policy_adds_what_it_asks_for(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("model_card", "--template", "--model", "credit-risk") == 0

    out = capsys.readouterr().out
    assert "date: TODO" in out
    assert out.endswith("## Thin files\n\n<!-- what it does without history -->\n\nTODO\n")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--template"], "name one: dataset_card or model_card"),
        (["latency", "--template"], "name one: dataset_card or model_card"),
        (["model_card", "--template", "--model", "churn"], "there is one for credit-risk"),
        (["model_crad"], "did you mean model_card?"),
    ],
)
def test_what_cannot_be_shown_is_told_with_what_can(
    root: Path, capsys: pytest.CaptureFixture[str], args: list[str], said: str
) -> None:
    assert run(*args) == 2
    assert said in capsys.readouterr().err


def test_a_gate_is_explained_with_its_defaults(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("model_card") == 0

    out = capsys.readouterr().out
    assert "license, datasets" in out
    assert "{" not in out
