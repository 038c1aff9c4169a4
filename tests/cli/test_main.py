"""The command itself: help at once, typos answered, errors in two lines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gatehouse.cli.main import VERBS, main
from tests.support.company import Cli, Company

COMMAND = Path(sys.executable).with_name("gatehouse")
PROJECT = Path(__file__).parents[2]
# What takes long to import; none of it may be in the way of --help.
HEAVY = ("mlflow", "pandas", "numpy", "pyarrow", "duckdb", "scipy", "sklearn", "github", "rich", "jinja2", "jsonschema")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    assert "Usage: gatehouse" in capsys.readouterr().out


def test_help_imports_nothing_heavy() -> None:
    code = "import sys\nfrom gatehouse.cli.main import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
    code += f"print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_mistyped_verb_is_answered_with_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["chek"])
    assert ended.value.code == 2
    assert "Did you mean 'check'?" in capsys.readouterr().err


def test_outside_a_repository_the_error_is_two_lines(tmp_path: Path) -> None:
    done = subprocess.run([COMMAND, "status"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "not inside a git repository" in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert "Traceback" not in done.stderr


def test_an_error_is_json_where_json_was_asked_for(tmp_path: Path) -> None:
    done = subprocess.run([COMMAND, "status", "--format", "json"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "not inside a git repository" in json.loads(done.stdout)["error"]["message"]


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    done = subprocess.run([COMMAND, "status", "--debug"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert "Traceback" in done.stderr


class TestValidate:
    @pytest.fixture(autouse=True)
    def checked_out(self, company: Company) -> None:
        """The clone holds what main holds, as a person's does."""
        company.repo.pull()

    def test_a_good_repository_is_valid(self, cli: Cli) -> None:
        ran = cli("validate")
        assert (ran.code, ran.out.strip()) == (0, "promotions/ is valid")

    def test_every_fault_is_named_with_file_line_and_fix(self, company: Company, cli: Cli) -> None:
        folder = company.repo.root / "promotions" / "credit-risk"
        (folder / "staging.yaml").write_text('version: "48a"\ndigest: sha256:abc\n')
        (folder / "hold.yaml").write_text("versions: [\n")
        ran = cli("validate")
        assert ran.code == 1
        assert "promotions/credit-risk/staging.yaml:1: version" in ran.out
        assert "promotions/credit-risk/staging.yaml:2: digest" in ran.out
        assert "promotions/credit-risk/hold.yaml" in ran.out
        assert ran.out.splitlines()[-1].endswith("faults")

    def test_json_lists_the_same_faults(self, company: Company, cli: Cli) -> None:
        (company.repo.root / "promotions" / "credit-risk" / "staging.yaml").write_text("version: 1\n")
        document = cli("validate", json=True).document
        assert document["valid"] is False
        assert document["faults"][0]["path"] == "promotions/credit-risk/staging.yaml"

    def test_an_unknown_gate_in_the_policy_is_a_fault_with_its_line(self, company: Company, cli: Cli) -> None:
        policy = company.repo.root / "promotions" / "credit-risk" / "policy.yaml"
        policy.write_text(policy.read_text().replace("[artifact]", "[artefact]"))
        ran = cli("validate")
        assert ran.code == 1
        assert "did you mean `artifact`?" in ran.out

    def test_a_mistyped_threshold_is_a_fault(self, company: Company, cli: Cli) -> None:
        policy = company.repo.root / "promotions" / "credit-risk" / "policy.yaml"
        policy.write_text(policy.read_text() + "gates:\n  artifact: {max_mv: 3}\n")
        ran = cli("validate")
        assert ran.code == 1
        assert "max_mv" in ran.out
        assert "did you mean `max_mb`?" in ran.out

    def test_a_mistyped_metric_is_a_fault_and_a_team_s_own_is_none(self, company: Company, cli: Cli) -> None:
        root = company.repo.root
        policy = root / "promotions" / "credit-risk" / "policy.yaml"
        listed = policy.read_text().replace("[artifact]", "[artifact, accuracy]")
        policy.write_text(listed + "gates:\n  accuracy: {metric: roc_acu}\n")
        ran = cli("validate")
        assert ran.code == 1
        assert "gates.accuracy.metric: no binary metric `roc_acu`" in ran.out
        assert "roc_auc" in ran.out
        policy.write_text(listed + "gates:\n  accuracy: {metric: cost_per_decision}\n")
        assert cli("validate").code == 1
        own = root / "gates" / "metrics" / "cost_per_decision.py"
        own.parent.mkdir(parents=True)
        own.write_text((PROJECT / "docs" / "examples" / "metrics" / own.name).read_text())
        assert cli("validate").code == 0

    def test_a_target_that_is_not_there_and_an_option_that_it_does_not_take_are_faults(
        self, company: Company, cli: Cli
    ) -> None:
        stages = company.repo.root / "promotions" / "stages.yaml"
        written = stages.read_text()
        options = "serving: {target: kserve, options: {image: 'r.example.com/g:1.0', replica: 2}}"
        for serving, said in (("serving: {target: kserv}", "`kserve`"), (options, "`replicas`")):
            stages.write_text(written.replace("serving: {target: local}", serving))
            ran = cli("validate")
            assert ran.code == 1
            assert f"did you mean {said}?" in ran.out
        stages.write_text(written.replace("serving: {target: local}", options.replace("replica", "replicas")))
        assert cli("validate").code == 0


class TestGates:
    def test_the_list_names_each_gate_and_what_must_be_true(self, cli: Cli) -> None:
        found = {gate["name"]: gate for gate in cli("gates", json=True).document}
        assert {"accuracy", "artifact", "drift", "fairness", "latency", "schema", "staging"} <= set(found)
        assert "max_psi" in found["drift"]["thresholds"]["properties"]

    def test_one_gate_is_explained_with_its_defaults(self, cli: Cli) -> None:
        ran = cli("gates", "drift")
        assert ran.code == 0
        assert "warn_psi" in ran.out
        assert "0.1" in ran.out

    def test_a_mistyped_gate_is_answered_with_the_right_one(self, cli: Cli) -> None:
        ran = cli("gates", "drft")
        assert ran.code == 2
        assert "did you mean drift?" in ran.err
