"""Sync believes evidence alone: attacks between a proposal and what serves, on real git and a real registry."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest
import yaml

from gatehouse.audit.record import Kind
from gatehouse.evaluate.result import Result
from gatehouse.git import Repository, Writer
from gatehouse.pin import Pin, Role, Slot
from gatehouse.sync.actions import Plan
from gatehouse.sync.places import Place
from gatehouse.sync.shelve import document
from tests.support import gated
from tests.support.company import MODEL, PRODUCTION, STAGING, Cli, Company, found
from tests.support.gated import fails
from tests.support.registered import overwrite
from tests.support.repo import ADA, encoded, promotion

POLICY = f"promotions/{MODEL}/policy.yaml"


@pytest.fixture
def company(tmp_path: Path) -> Company:
    """Version 1 serves; 2 and 3 are in staging, one after the other."""
    made = found(tmp_path)
    made.repo.stage_and_promote(MODEL, made.pins[1])
    for version in (3, 2):
        made.repo.promote(STAGING, made.pins[version])
        made.repo.later(24)
    made.sync()
    return made


def served(company: Company) -> list[int]:
    config = yaml.safe_load(company.repo.remote_files("serving")[f"serving/{MODEL}.yaml"])
    return [arm["version"] for route in config["routes"] for arm in route["arms"]]


def reasons(plan: Plan) -> list[str]:
    return [f"{refusal.rule}: {refusal.message}" for refusal in plan.refusals]


def refused(company: Company, words: str) -> None:
    """The promotion of version 2 is refused for its evidence, and for nothing else but that nobody agreed to what was
    pushed past every review; nothing has changed."""
    said, *others = reasons(company.sync())
    assert said.startswith("evidence: ")
    assert all(other.startswith("approved: Ada <ada@example.org> pushed it") for other in others)
    assert words in said
    assert company.reader.aliases(MODEL) == {"champion": 1, "staging": 2}
    assert served(company) == [1]
    last = company.records[-1 - len(others)]
    assert (last.kind, last.reason) == (Kind.REFUSED, said)


def proposed(company: Company, version: int = 2) -> tuple[str, str]:
    """A pull request for production whose gates nobody has asked."""
    return company.repo.propose({PRODUCTION.path: promotion(company.pins[version])}, gates=None)


def judged(company: Company, base: str, head: str, says: gated.Gates = gated.passes) -> Result:
    (result,) = gated.check(company.repo.repository, base, head, company.repo.now, says)
    return result


def merge(company: Company, head: str) -> None:
    """What a pull request asks for, merged onto main as it is now."""
    text = company.repo.repository.read(head, PRODUCTION.path) or b""
    company.repo.merge({PRODUCTION.path: text.decode()}, gates=None)


def path(result: Result) -> str:
    return Place(MODEL, result.key).document


class TestRecord:
    def test_the_record_names_the_evidence_and_the_bytes_it_was_read_from(self, company: Company) -> None:
        company.repo.promote(PRODUCTION, company.pins[2])
        company.sync()
        last = company.records[-1]
        assert (last.kind, last.slot, last.after) == (Kind.PROMOTED, PRODUCTION, company.pins[2])
        assert last.evidence is not None
        (place,) = [one for one in company.repo.remote_files("evidence") if last.evidence.key[7:] in one]
        data = Repository(company.repo.origin).read("evidence", place) or b""
        assert last.evidence.document == f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert (last.evidence.source, last.evidence.isolation) == ("branch", "bubblewrap")

    def test_tags_of_a_version_are_no_evidence(self, company: Company) -> None:
        from gatehouse.registry.writer import RegistryWriter

        RegistryWriter(company.registry).set_tags(MODEL, 2, {"gatehouse.gate.artifact": "PASS", "gatehouse.key": "k"})
        company.repo.promote(PRODUCTION, company.pins[2], gates=None)
        refused(company, "no check of version 2")


class TestAttacks:
    def test_a_pin_merged_without_gates(self, company: Company) -> None:
        merge(company, proposed(company)[1])
        refused(company, "no check of version 2")

    def test_a_pin_pushed_to_main(self, company: Company) -> None:
        company.repo.commit({PRODUCTION.path: promotion(company.pins[2])})
        refused(company, "no check of version 2")

    def test_a_pin_whose_gates_failed(self, company: Company) -> None:
        company.repo.promote(PRODUCTION, company.pins[2], gates=fails)
        refused(company, "the gates did not let it through")

    def test_a_failed_document_edited_into_a_pass(self, company: Company) -> None:
        base, head = proposed(company)
        result = judged(company, base, head, fails)
        company.repo.publish_evidence(result)
        company.repo.tamper({path(result): document(judged(company, base, head))})
        merge(company, head)
        refused(company, "was edited in commit")

    def test_a_document_that_was_deleted(self, company: Company) -> None:
        base, head = proposed(company)
        result = judged(company, base, head)
        company.repo.publish_evidence(result)
        company.repo.tamper({path(result): None})
        merge(company, head)
        refused(company, "was deleted in commit")

    def test_a_pass_for_staging_copied_to_production(self, company: Company) -> None:
        base, head = proposed(company)
        request = msgspec.structs.replace(judged(company, base, head).request, slot=STAGING)
        staged = gated.judged(company.repo.repository, request, company.repo.now)
        company.repo.tamper({path(judged(company, base, head)): document(staged)})
        merge(company, head)
        refused(company, "is about")

    def test_a_pass_by_an_older_policy(self, company: Company) -> None:
        base, head = proposed(company)
        company.repo.publish_evidence(judged(company, base, head))
        text = (company.repo.repository.read("origin/main", POLICY) or b"").decode()
        company.repo.commit({POLICY: text.replace("[artifact, staging]", "[artifact, schema, staging]")})
        merge(company, head)
        refused(company, "the policy changed, the gate schema is asked for now")

    def test_a_gate_weakened_in_the_commit_that_sets_the_pin(self, company: Company) -> None:
        """Main's gate before that commit judges, whatever the branch that was merged has made of it."""
        gate = '"""Nothing is too bad."""\nTHRESHOLDS = {}\ndef check(evidence, thresholds): ...\n'
        change = {PRODUCTION.path: promotion(company.pins[2]), "gates/artifact.py": gate}
        base, head = company.repo.propose(change, gates=None)
        weak = msgspec.structs.replace(judged(company, base, head).request, base=head)
        company.repo.publish_evidence(gated.judged(company.repo.repository, weak, company.repo.now))
        company.repo.merge(change, gates=None)
        refused(company, "which main never was at")

    def test_a_gate_weakened_first_and_the_pin_set_in_the_next_commit_of_one_rebased_branch(
        self, company: Company
    ) -> None:
        base, head = proposed(company)
        company.repo.publish_evidence(judged(company, base, head))
        text = (company.repo.repository.read("origin/main", POLICY) or b"").decode()
        company.repo.commit({POLICY: text.replace("[artifact, staging]", "[artifact]")})
        company.repo.commit({PRODUCTION.path: promotion(company.pins[2])})
        refused(company, "the gate staging is not asked for any more")

    def test_a_result_from_a_commit_that_is_not_on_main(self, company: Company) -> None:
        writer = Writer(company.repo.repository, author=ADA)
        aside = writer.commit(company.repo.head, encoded({"README.md": "aside"}), "Aside")
        _, head = proposed(company)
        company.repo.publish_evidence(judged(company, aside, head))
        merge(company, head)
        refused(company, "which main never was at")

    @pytest.mark.parametrize("level", ["none", "cluster"])
    def test_evidence_of_a_model_that_ran_without_a_sandbox(self, company: Company, level: str) -> None:
        base, head = proposed(company)
        company.repo.publish_evidence(msgspec.structs.replace(judged(company, base, head), isolation=level))
        merge(company, head)
        refused(company, f"the model ran with isolation {level}, the policy asks for unshare")

    @pytest.mark.parametrize("order", [(2, 3), (3, 2)])
    def test_of_two_proposals_for_one_slot_the_second_is_refused_in_either_order(
        self, company: Company, order: tuple[int, int]
    ) -> None:
        heads = {}
        for version in (2, 3):
            base, heads[version] = proposed(company, version)
            company.repo.publish_evidence(judged(company, base, heads[version]))
        merge(company, heads[order[0]])
        assert company.sync().refusals == ()
        merge(company, heads[order[1]])
        (said,) = reasons(company.sync())
        assert f"the champion moved from {company.pins[1]} to {company.pins[order[0]]}" in said
        assert served(company) == [order[0]]

    def test_both_merged_before_anybody_synced_is_no_way_in_either(self, company: Company) -> None:
        heads = []
        for version in (2, 3):
            base, head = proposed(company, version)
            company.repo.publish_evidence(judged(company, base, head))
            heads.append(head)
        for head in heads:
            merge(company, head)
        (said,) = reasons(company.sync())
        assert "the champion moved" in said
        assert served(company) == [1]

    def test_a_later_share_of_a_pin_is_asked_about_where_the_pin_was_set(self, company: Company) -> None:
        canary = f"version: 2, digest: {company.pins[2].digest}, percent: "
        company.repo.promote(PRODUCTION, company.pins[1], canary=f"{canary}5")
        text = (company.repo.repository.read("origin/main", POLICY) or b"").decode()
        company.repo.commit({POLICY: text.replace("risk: high", "risk: low")})
        company.repo.promote(PRODUCTION, company.pins[1], canary=f"{canary}25")
        assert company.sync().refusals == ()
        assert served(company) == [1, 2]

    def test_evidence_that_comes_after_the_merge_lets_it_in_at_the_next_sync(self, company: Company) -> None:
        base, head = proposed(company)
        merge(company, head)
        refused(company, "no check of version 2")
        company.repo.publish_evidence(judged(company, base, head))
        assert company.sync().refusals == ()
        assert served(company) == [2]

    def test_reverted_and_proposed_again_it_comes_in(self, company: Company) -> None:
        merge(company, proposed(company)[1])
        refused(company, "no check of version 2")
        company.repo.promote(PRODUCTION, company.pins[1], gates=None)
        assert company.sync().refusals == ()
        company.repo.promote(PRODUCTION, company.pins[2])
        assert company.sync().refusals == ()
        assert served(company) == [2]


class TestReturning:
    def test_a_champion_that_returns_needs_no_evidence_of_its_own(self, company: Company) -> None:
        company.repo.promote(PRODUCTION, company.pins[2])
        company.sync()
        company.repo.promote(PRODUCTION, company.pins[1], gates=None)
        assert company.sync().refusals == ()
        assert served(company) == [1]

    def test_where_the_record_was_lost_the_evidence_of_its_first_time_counts(self, company: Company) -> None:
        company.repo.promote(PRODUCTION, company.pins[2])
        company.sync()
        company.store.path.unlink()
        company.repo.promote(PRODUCTION, company.pins[1], gates=None)
        assert company.sync().refusals == ()
        assert served(company) == [1]

    def test_a_version_that_main_named_and_sync_refused_does_not_return(self, company: Company) -> None:
        merge(company, proposed(company, 3)[1])
        assert len(company.sync().refusals) == 1
        company.repo.promote(PRODUCTION, company.pins[2])
        company.sync()
        company.repo.promote(PRODUCTION, company.pins[3], gates=None)
        (said,) = reasons(company.sync())
        assert said.startswith("evidence: ")
        assert served(company) == [2]

    def test_a_pin_in_main_s_first_commit_was_judged_by_nothing(self, company: Company, tmp_path: Path) -> None:
        names = ("promotions/stages.yaml", POLICY)
        repository = company.repo.repository
        files = {name: repository.read("origin/main", name) for name in names}
        files[STAGING.path] = promotion(company.pins[3]).encode()
        root = Writer(repository, author=ADA).commit(None, files, "Begin")
        repository.run("push", "-q", "--force", "origin", f"{root}:refs/heads/main")
        company.store.path.unlink()
        (said,) = reasons(company.sync())
        assert "main's first commit set it" in said


class TestOverwritten:
    """The artifact is overwritten behind its version, which MLflow does not notice, between every two steps."""

    def swap(self, company: Company) -> None:
        overwrite(company.folder / "artifacts" / MODEL / "v2", "something else")

    def test_between_the_proposal_and_the_gates(self, company: Company, capsys: pytest.CaptureFixture[str]) -> None:
        base, head = proposed(company)
        self.swap(company)
        ran = Cli(company, capsys)("check", "--base", base, "--head", head, json=True)
        (result,) = ran.document["results"]
        verdicts = {verdict["gate"]: verdict for verdict in result["verdicts"]}
        assert (ran.code, verdicts["artifact"]["outcome"]) == (1, "FAIL")
        assert f"not {company.pins[2].digest} as pinned" in verdicts["artifact"]["summary"]

    def test_between_the_gates_and_the_merge(self, company: Company) -> None:
        base, head = proposed(company)
        company.repo.publish_evidence(judged(company, base, head))
        self.swap(company)
        merge(company, head)
        self.refused(company)

    def test_between_the_merge_and_the_sync(self, company: Company) -> None:
        company.repo.promote(PRODUCTION, company.pins[2])
        self.swap(company)
        self.refused(company)

    def test_between_a_refused_sync_and_the_next(self, company: Company) -> None:
        merge(company, proposed(company)[1])
        company.sync()
        self.swap(company)
        base = company.repo.repository.resolve("origin/main^1")
        company.repo.publish_evidence(judged(company, base, company.repo.head))
        self.refused(company)

    def test_between_the_sync_and_a_larger_share(self, company: Company) -> None:
        canary = f"version: 2, digest: {company.pins[2].digest}, percent: "
        company.repo.promote(PRODUCTION, company.pins[1], canary=f"{canary}5")
        company.sync()
        self.swap(company)
        company.repo.promote(PRODUCTION, company.pins[1], canary=f"{canary}25")
        assert [refusal.rule for refusal in company.sync().refusals] == ["digest"]

    def test_between_the_time_that_it_served_and_its_return(self, company: Company) -> None:
        for version in (2, 3):
            company.repo.promote(PRODUCTION, company.pins[version])
            company.sync()
        self.swap(company)
        company.repo.promote(PRODUCTION, company.pins[2])
        assert [refusal.rule for refusal in company.sync().refusals] == ["digest"]
        assert served(company) == [3]

    def test_after_the_sync_it_is_found_by_verify(self, company: Company) -> None:
        company.repo.promote(PRODUCTION, company.pins[2])
        company.sync()
        self.swap(company)
        assert {refusal.rule for refusal in company.sync(verify=True).refusals} == {"digest"}

    def refused(self, company: Company) -> None:
        assert [refusal.rule for refusal in company.sync().refusals] == ["digest"]
        assert company.reader.aliases(MODEL)["champion"] == 1
        assert served(company) == [1]


def test_every_pin_that_arrives_is_asked_about_in_its_own_role(company: Company) -> None:
    eu = Slot(MODEL, "production", "eu")
    shadow = f"version: 3, digest: {company.pins[3].digest}, percent: 1"
    company.repo.promote(eu, company.pins[2], shadow=shadow)
    assert company.sync().refusals == ()
    told = {(record.slot, record.role): record.evidence for record in company.records if record.slot == eu}
    keys = {found.key for found in told.values() if found is not None}
    assert set(told) == {(eu, Role.CHAMPION), (eu, Role.SHADOW)}
    assert len(keys) == 2


def test_two_versions_with_the_same_bytes_are_two_pins(company: Company) -> None:
    from mlflow import MlflowClient

    place = (company.folder / "artifacts" / MODEL / "v2").as_uri()
    again = MlflowClient(company.registry, company.registry).create_model_version(MODEL, source=place)
    twin = Pin(int(again.version), company.pins[2].digest)
    company.repo.promote(STAGING, twin)
    company.repo.later(24)
    base, head = proposed(company)
    company.repo.publish_evidence(judged(company, base, head))
    company.repo.merge({PRODUCTION.path: promotion(twin)}, gates=None)
    (said,) = reasons(company.sync())
    assert said.startswith("evidence: ")
