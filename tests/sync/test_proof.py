"""Evidence that holds, and every way in which it does not: on real git, against main as it moves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from gatehouse.declare.levels import LEVELS
from gatehouse.errors import Unreachable
from gatehouse.evaluate.result import Result
from gatehouse.git import Repository
from gatehouse.pin import Role, Slot
from gatehouse.sync.places import Place
from gatehouse.sync.proof import Flaw
from gatehouse.sync.shelve import document
from gatehouse.verdict import Outcome, Verdict, plainly
from tests.support.gated import fails, passes
from tests.support.repo import promotion
from tests.support.thousand import digest
from tests.sync.bench import (
    MODEL,
    POLICY,
    POLICY_FILE,
    PRODUCTION,
    STAGING,
    Bench,
    bench,
    elsewhere,
    pin,
)

GATE = '"""Nothing is too bad."""\nTHRESHOLDS = {}\ndef check(evidence, thresholds): ...\n'
METRIC = Path(__file__).parents[2] / "docs/examples/metrics/late_minutes.py"


@pytest.fixture
def at(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def place(result: Result) -> str:
    return Place(result.request.slot.model, result.key).document


def refused(at: Bench, flaw: Flaw, *words: str) -> None:
    finding = at.ask()
    assert (finding.result, finding.flaw) == (None, flaw), finding.fault
    for word in words:
        assert word in finding.fault
    assert finding.fix
    assert finding.document == ""


class TestGood:
    def test_a_check_that_asked_this_very_question_is_the_proof_with_the_digest_of_its_bytes(self, at: Bench) -> None:
        result = at.judge()
        finding = at.ask()
        assert (finding.fault, finding.fix, finding.flaw) == ("", "", None)
        assert finding.result is not None
        assert finding.result.key == result.key
        data = Repository(at.repo.origin).read("evidence", place(result)) or b""
        assert finding.document == f"sha256:{hashlib.sha256(data).hexdigest()}"

    def test_main_may_move_as_long_as_nothing_that_judges_this_pin_moves(self, at: Bench) -> None:
        at.judge()
        at.commit({"README.md": "hello", "promotions/churn/policy.yaml": POLICY})
        at.commit({"promotions/churn/production.yaml": promotion(pin(7))})
        assert at.ask().result is not None

    def test_a_fault_in_the_files_of_another_model_is_none_of_its_business(self, at: Bench) -> None:
        at.judge()
        at.commit({"promotions/churn/policy.yaml": "owner: [\n"})
        assert at.ask().result is not None

    def test_a_warning_lets_through(self, at: Bench) -> None:
        at.judge(lambda gate: plainly(Outcome.WARN, "close").named(gate))
        assert at.ask().result is not None

    def test_a_model_s_first_promotion_has_no_champion_and_needs_none(self, at: Bench) -> None:
        at.commit({PRODUCTION.path: None})
        at.base = at.repo.head
        assert at.request.champion is None
        at.judge()
        assert at.ask().result is not None

    def test_where_the_policy_does_not_pin_the_table_any_table_that_was_there_counts(self, at: Bench) -> None:
        at.commit({POLICY_FILE: POLICY.replace(f'digest: "{digest("table")}", ', "")})
        at.base = at.repo.head
        at.judge()
        assert at.ask().result is not None

    def test_what_the_request_says_of_the_champion_is_not_believed(self, at: Bench) -> None:
        at.judge()
        assert at.ask(msgspec.structs.replace(at.now, champion=pin(9), previous=None)).result is not None

    def test_a_cluster_s_name_behind_the_engine_changes_nothing(self, at: Bench) -> None:
        result = at.result()
        at.repo.publish_evidence(msgspec.structs.replace(result, engine=f"{result.engine} on Spark 4.1"))
        assert at.ask().result is not None


class TestMissing:
    def test_no_branch(self, at: Bench) -> None:
        refused(at, Flaw.MISSING, "no check of version 2 (", ") as champion of credit-risk/production is on")

    def test_a_check_for_another_slot_is_named_and_does_not_count(self, at: Bench) -> None:
        at.repo.publish_evidence(elsewhere(at, slot=STAGING))
        refused(at, Flaw.MISSING, "there is one of it as champion of credit-risk/staging")

    @pytest.mark.parametrize(
        ("slot", "role", "version"),
        [
            (Slot(MODEL, "production", "eu"), Role.CHAMPION, 2),
            (PRODUCTION, Role.CANARY, 2),
            (PRODUCTION, Role.CHAMPION, 3),
        ],
    )
    def test_nor_does_one_for_another_segment_role_or_version(
        self, at: Bench, slot: Slot, role: Role, version: int
    ) -> None:
        at.repo.publish_evidence(elsewhere(at, slot=slot, role=role, version=version))
        refused(at, Flaw.MISSING)

    def test_without_a_policy_nothing_could_judge(self, at: Bench) -> None:
        at.judge()
        at.commit({POLICY_FILE: POLICY.replace("  production: {gates: [accuracy, artifact]}\n", "")})
        refused(at, Flaw.MISSING, "nothing could judge it", "no policy for credit-risk/production")

    def test_nor_where_what_judges_does_not_read(self, at: Bench) -> None:
        at.judge()
        at.commit({"promotions/stages.yaml": "stages: 7\n"})
        refused(at, Flaw.MISSING, "nothing could judge it", "promotions/stages.yaml:1")

    def test_nor_where_a_gate_does_not_load(self, at: Bench) -> None:
        at.judge()
        at.commit({"gates/accuracy.py": "raise RuntimeError('no')\n"})
        refused(at, Flaw.MISSING, "nothing could judge it", "gates/accuracy.py")

    def test_nor_by_a_commit_that_nobody_has(self, at: Bench) -> None:
        finding = at.ask(msgspec.structs.replace(at.now, base="f" * 40))
        assert (finding.flaw, finding.result) == (Flaw.MISSING, None)

    def test_a_remote_that_does_not_answer_is_no_missing_evidence(self, at: Bench) -> None:
        at.judge()
        asked = at.now
        from gatehouse.sync.evidence import Shelf
        from gatehouse.sync.proof import Prover
        from gatehouse.sync.trunk import locate

        prover = Prover(Shelf(locate(at.repo.repository)))
        at.repo.origin.rename(at.repo.origin.with_name("gone"))
        with pytest.raises(Unreachable):
            prover.finding(asked)


class TestFailed:
    def test_a_gate_that_said_no(self, at: Bench) -> None:
        at.judge(lambda gate: fails(gate) if gate == "accuracy" else passes(gate))
        refused(at, Flaw.FAILED, "the gates did not let it through: accuracy FAIL")

    @pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.INSUFFICIENT, Outcome.ERROR])
    def test_every_outcome_but_pass_and_warn_blocks(self, at: Bench, outcome: Outcome) -> None:
        at.judge(lambda gate: plainly(outcome, "no").named(gate))
        refused(at, Flaw.FAILED, f"artifact {outcome}")

    def test_a_gate_that_the_policy_asks_for_and_that_has_no_verdict(self, at: Bench) -> None:
        result = at.result()
        kept = tuple(verdict for verdict in result.verdicts if verdict.gate != "artifact")
        at.repo.publish_evidence(msgspec.structs.replace(result, verdicts=kept))
        refused(at, Flaw.FAILED, "no verdict of artifact")

    def test_no_verdict_at_all(self, at: Bench) -> None:
        at.repo.publish_evidence(msgspec.structs.replace(at.result(), verdicts=()))
        refused(at, Flaw.FAILED, "none was asked")

    def test_a_pass_beside_a_fail_of_the_same_gate_is_a_fail(self, at: Bench) -> None:
        result = at.result()
        both = (*result.verdicts, fails("accuracy"))
        at.repo.publish_evidence(msgspec.structs.replace(result, verdicts=both))
        refused(at, Flaw.FAILED, "accuracy FAIL")

    def test_a_check_that_could_not_look_says_why(self, at: Bench) -> None:
        verdict = Verdict("fetch", Outcome.ERROR, "the registry has no version 2")
        lost = msgspec.structs.replace(at.result(), key=digest("nothing"), verdicts=(verdict,), data={})
        at.repo.publish_evidence(lost)
        refused(at, Flaw.FAILED, "fetch ERROR")


class TestNewest:
    def test_a_later_pass_counts(self, at: Bench) -> None:
        at.judge(fails)
        at.repo.later()
        at.judge()
        assert at.ask().result is not None

    def test_a_pass_does_not_outlive_a_later_failure(self, at: Bench) -> None:
        at.judge()
        at.repo.later()
        at.judge(fails)
        refused(at, Flaw.FAILED)

    def test_what_came_later_is_said_by_the_branch_and_not_by_the_document(self, at: Bench) -> None:
        at.judge()
        old = msgspec.structs.replace(at.result(fails), evaluated=datetime(2020, 1, 1, tzinfo=UTC))
        at.repo.publish_evidence(old)
        refused(at, Flaw.FAILED)

    def test_a_pass_copied_on_top_of_a_failure_is_no_new_check(self, at: Bench) -> None:
        path = place(at.judge())
        old = Repository(at.repo.origin).read("evidence", path)
        at.repo.later()
        at.judge(fails)
        at.repo.tamper({path.replace(".json", ".3.json"): old})
        refused(at, Flaw.ALTERED, f"{path.replace('.json', '.3.json')} was copied from {path}")

    def test_taking_a_failure_away_does_not_bring_the_pass_before_it_back(self, at: Bench) -> None:
        at.judge()
        at.repo.later()
        result = at.judge(fails)
        at.repo.tamper({place(result).replace(".json", ".2.json"): None})
        refused(at, Flaw.ALTERED, "deleted in commit")


Move = Callable[[Bench], object]


def sets(path: str, text: str | None) -> Move:
    """A commit on main."""
    return lambda at: at.commit({path: text})


STALE: dict[str, tuple[Move, str]] = {
    "champion": (sets(PRODUCTION.path, promotion(pin(3))), f"the champion moved from {pin(1)} to {pin(3)}"),
    "no champion": (sets(PRODUCTION.path, None), f"the champion moved from {pin(1)} to nothing"),
    "policy": (sets(POLICY_FILE, f"{POLICY}gates: {{accuracy: {{minimum: 0.9}}}}\n"), "the policy changed"),
    "weaker policy": (
        sets(POLICY_FILE, POLICY.replace("[accuracy, artifact]", "[artifact]")),
        "the gate accuracy is not asked for any more",
    ),
    "a gate more": (
        sets(POLICY_FILE, POLICY.replace("[accuracy, artifact]", "[accuracy, artifact, schema]")),
        "the policy changed, the gate schema is asked for now",
    ),
    "gate": (sets("gates/accuracy.py", GATE), "the gate accuracy changed"),
    "metric": (sets("gates/metrics/late_minutes.py", METRIC.read_text()), "the metric late_minutes is asked for now"),
    "data": (
        sets(POLICY_FILE, POLICY.replace(digest("table"), digest("another"))),
        "the policy changed, the evaluation table is another one",
    ),
}


class TestStale:
    @pytest.mark.parametrize("moved", STALE)
    def test_what_moved_since_the_gates_ran_is_named(self, at: Bench, moved: str) -> None:
        move, words = STALE[moved]
        at.judge()
        move(at)
        refused(at, Flaw.STALE, "the gates ran on 2026-03-02 at ", words)

    def test_what_moved_back_is_the_same_question_again(self, at: Bench) -> None:
        at.judge()
        at.commit({PRODUCTION.path: promotion(pin(3))})
        at.commit({PRODUCTION.path: promotion(pin(1))})
        assert at.ask().result is not None

    def test_another_version_of_gatehouse_judges_differently(self, at: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as older:
            older.setattr("gatehouse.evaluate.question.ENGINE", "gatehouse 0.0.9")
            older.setattr("tests.support.gated.ENGINE", "gatehouse 0.0.9")
            at.judge()
        refused(at, Flaw.STALE, "the engine changed", "it was gatehouse 0.0.9")


def other_slot(at: Bench) -> Result:
    return elsewhere(at, slot=STAGING)


def other_segment(at: Bench) -> Result:
    return elsewhere(at, slot=Slot(MODEL, "production", "eu"))


def other_role(at: Bench) -> Result:
    return elsewhere(at, role=Role.SHADOW)


def other_version(at: Bench) -> Result:
    return elsewhere(at, version=3)


def other_model(at: Bench) -> Result:
    at.commit({"promotions/churn/policy.yaml": POLICY})
    at.base = at.repo.head
    return elsewhere(at, slot=Slot("churn", "production"))


class TestForeign:
    @pytest.mark.parametrize("other", [other_slot, other_segment, other_role, other_version, other_model])
    def test_a_pass_of_something_else_copied_under_this_key(self, at: Bench, other: Callable[[Bench], Result]) -> None:
        there = other(at)
        at.forge(there, place(at.result()))
        refused(at, Flaw.FOREIGN, "is about", f"not {pin(2)} as champion of credit-risk/production")

    def test_a_pass_that_was_judged_where_main_never_was(self, at: Bench) -> None:
        aside = at.aside({"README.md": "the same policy, gates and champion"})
        at.forge(at.result(request=msgspec.structs.replace(at.request, base=aside)))
        refused(at, Flaw.FOREIGN, f"judged by commit {aside[:12]}, which main never was at")

    def test_a_pass_by_a_weaker_policy_on_a_branch(self, at: Bench) -> None:
        aside = at.aside({POLICY_FILE: POLICY.replace("[accuracy, artifact]", "[artifact]")})
        at.forge(at.result(request=msgspec.structs.replace(at.request, base=aside)))
        refused(at, Flaw.FOREIGN, "which main never was at")

    def test_the_other_side_of_a_merge_never_was_main(self, at: Bench) -> None:
        _, branch = at.repo.propose({"gates/accuracy.py": GATE}, gates=None)
        at.repo.merge({"README.md": "hello"})
        repository = at.repo.repository
        tree = repository.run("rev-parse", "origin/main^{tree}")
        joined = repository.run("commit-tree", tree, "-p", at.repo.head, "-p", branch, "-m", "Join")
        repository.run("push", "-q", "origin", f"{joined}:refs/heads/main")
        at.forge(at.result(request=msgspec.structs.replace(at.request, base=branch)))
        refused(at, Flaw.FOREIGN, "which main never was at")

    def test_a_commit_that_nobody_has(self, at: Bench) -> None:
        request = msgspec.structs.replace(at.request, base="f" * 40)
        at.forge(msgspec.structs.replace(at.result(), request=request))
        refused(at, Flaw.FOREIGN, "ffffffffffff")

    def test_an_answer_from_memory_is_no_check(self, at: Bench) -> None:
        at.forge(msgspec.structs.replace(at.result(), reused=at.repo.now))
        refused(at, Flaw.FOREIGN, "from somebody's memory")

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "truncated"),
            (b"\xff\xfe{}", ""),
            (b'{"verdicts": "all fine"}', "no result of a check"),
            (b"[" * 100_000, "no result of a check"),
            (b" " * 1_000_001, "it has more than 1,000,000 bytes"),
        ],
    )
    def test_what_is_no_result(self, at: Bench, content: bytes, words: str) -> None:
        at.repo.tamper({place(at.result()): content})
        refused(at, Flaw.FOREIGN, words)

    @pytest.mark.parametrize(
        ("field", "words"), [({"schema": 2}, "its schema is 2"), ({"evaluated": "2026-03-03T12:00:00"}, "no zone")]
    )
    def test_a_result_of_another_schema_or_of_no_time(self, at: Bench, field: dict[str, object], words: str) -> None:
        told = {**msgspec.to_builtins(at.result()), **field}
        at.repo.tamper({place(at.result()): msgspec.json.encode(told)})
        refused(at, Flaw.FOREIGN, words)

    def test_an_unknown_field_is_no_result(self, at: Bench) -> None:
        told = {**msgspec.to_builtins(at.result()), "passed": True}
        at.repo.tamper({place(at.result()): msgspec.json.encode(told)})
        refused(at, Flaw.FOREIGN, "passed")

    def test_a_link_is_not_followed(self, at: Bench) -> None:
        repository, path = at.repo.repository, place(at.result())
        blob = repository.run("hash-object", "-w", "--stdin", data=b"../../secret.json")
        tree = repository.run("mktree", data=f"120000 blob {blob}\t{path.rpartition('/')[2]}".encode())
        for name in (MODEL, "evidence"):
            tree = repository.run("mktree", data=f"040000 tree {tree}\t{name}".encode())
        commit = repository.run("commit-tree", tree, "-m", "Link")
        repository.run("push", "-q", "origin", f"{commit}:refs/heads/evidence")
        refused(at, Flaw.FOREIGN, "no regular file")


def edited(at: Bench, path: str) -> None:
    at.repo.tamper({path: document(at.result())})


def deleted(at: Bench, path: str) -> None:
    at.repo.tamper({path: None})


def put_back(at: Bench, path: str) -> None:
    before = Repository(at.repo.origin).read("evidence", path)
    at.repo.tamper({path: None})
    at.repo.tamper({path: before})


def edited_and_put_back(at: Bench, path: str) -> None:
    before = Repository(at.repo.origin).read("evidence", path)
    at.repo.tamper({path: b"{}"})
    at.repo.tamper({path: before})


def moved(at: Bench, path: str) -> None:
    before = Repository(at.repo.origin).read("evidence", path)
    at.repo.tamper({path: None, path.replace(".json", ".7.json"): before})


def dropped_in_a_merge(at: Bench, path: str) -> None:
    repository = at.repo.repository
    repository.run("fetch", "-q", "origin", "evidence")
    tip = repository.resolve("FETCH_HEAD")
    empty = repository.run("mktree", data=b"")
    root = repository.run("commit-tree", empty, "-m", "Nothing")
    joined = repository.run("commit-tree", empty, "-p", tip, "-p", root, "-m", "Join")
    repository.run("push", "-q", "origin", f"{joined}:refs/heads/evidence")


ALTERING = (edited, deleted, put_back, edited_and_put_back, moved, dropped_in_a_merge)


def other_champion(result: Result) -> Result:
    request = msgspec.structs.replace(result.request, champion=pin(5))
    return msgspec.structs.replace(result, request=request)


def other_figures(result: Result) -> Result:
    assert result.champion is not None
    return msgspec.structs.replace(result, champion=msgspec.structs.replace(result.champion, pin=pin(5)))


def other_candidate(result: Result) -> Result:
    return msgspec.structs.replace(result, candidate=msgspec.structs.replace(result.candidate, pin=pin(5)))


def other_engine(result: Result) -> Result:
    return msgspec.structs.replace(result, engine="gatehouse 9.9.9")


def other_data(result: Result) -> Result:
    return msgspec.structs.replace(result, data={"evaluation": digest("easier")})


def other_key(result: Result) -> Result:
    return msgspec.structs.replace(result, key=digest("key"))


class TestAltered:
    @pytest.mark.parametrize("alter", ALTERING)
    def test_a_document_that_did_not_stay_as_it_was(self, at: Bench, alter: Callable[[Bench, str], None]) -> None:
        result = at.judge(fails if alter is edited else passes)
        alter(at, place(result))
        refused(at, Flaw.ALTERED)

    def test_who_did_it_can_be_found_by_the_commit(self, at: Bench) -> None:
        result = at.judge(fails)
        made = at.repo.tamper({place(result): document(at.result())})
        refused(at, Flaw.ALTERED, f"{place(result)} was edited in commit {made[:12]}")

    @pytest.mark.parametrize("alter", ALTERING)
    def test_a_new_check_mends_it(self, at: Bench, alter: Callable[[Bench, str], None]) -> None:
        result = at.judge()
        alter(at, place(result))
        at.repo.later()
        at.judge()
        assert at.ask().result is not None

    def test_other_documents_stay_good(self, at: Bench) -> None:
        at.judge()
        at.repo.publish_evidence(elsewhere(at, slot=STAGING))
        at.repo.tamper({place(elsewhere(at, slot=STAGING)): b"{}"})
        assert at.ask().result is not None

    @pytest.mark.parametrize(
        "lie", [other_champion, other_figures, other_candidate, other_engine, other_data, other_key]
    )
    def test_a_document_that_says_something_else_than_its_name(
        self, at: Bench, lie: Callable[[Result], Result]
    ) -> None:
        honest = at.result()
        at.forge(lie(honest), place(honest))
        refused(at, Flaw.ALTERED, "does not hold what its key says")

    def test_the_key_of_an_easier_question_is_not_this_question(self, at: Bench) -> None:
        """The easier policy never was on main; the document names a commit that was."""
        aside = at.aside({POLICY_FILE: POLICY.replace("[accuracy, artifact]", "[artifact]")})
        easy = at.result(request=msgspec.structs.replace(at.request, base=aside))
        at.forge(msgspec.structs.replace(easy, request=at.request))
        refused(at, Flaw.ALTERED, "does not hold what its key says")


class TestIsolation:
    @pytest.mark.parametrize("level", ["none", "cluster", "", "marvellous", "bwrap"])
    def test_a_weaker_sandbox_than_the_policy_asks_for(self, at: Bench, level: str) -> None:
        at.repo.publish_evidence(msgspec.structs.replace(at.result(), isolation=level))
        refused(at, Flaw.WEAK, f"isolation {level or 'unknown'}, the policy asks for unshare")

    @pytest.mark.parametrize("minimum", LEVELS)
    @pytest.mark.parametrize("level", LEVELS)
    def test_the_policy_of_the_base_decides(self, at: Bench, level: str, minimum: str) -> None:
        at.commit({POLICY_FILE: f"{POLICY}sandbox: {{minimum: {minimum}}}\n"})
        at.base = at.repo.head
        at.repo.publish_evidence(msgspec.structs.replace(at.result(), isolation=level))
        assert (at.ask().result is not None) is (LEVELS.index(level) >= LEVELS.index(minimum))


class TestSigned:
    """With keys on main, whoever can push to the evidence branch still cannot make evidence."""

    @pytest.fixture
    def pair(self) -> tuple[bytes, bytes]:
        return keypair()

    def sign(self, at: Bench, result: Result, private: bytes) -> tuple[str, bytes]:
        from gatehouse.cli.notary import Notary
        from gatehouse.report import keys
        from gatehouse.sync.shelve import shelve

        notary = Notary(at.repo.repository, signer=keys.signer(private))
        shelve(at.repo.repository, [result], seal=notary._seal)
        return place(result), document(result)

    def trust(self, at: Bench, public: bytes) -> None:
        stages = (at.repo.repository.read("origin/main", "promotions/stages.yaml") or b"").decode()
        stages += "evidence: {keys: [.github/evidence.pem]}\n"
        at.commit({".github/evidence.pem": public.decode(), "promotions/stages.yaml": stages})

    def test_what_the_gates_signed_is_good(self, at: Bench, pair: tuple[bytes, bytes]) -> None:
        self.trust(at, pair[1])
        self.sign(at, at.result(), pair[0])
        assert at.ask().result is not None, at.ask().fault

    def test_what_nobody_signed_is_not(self, at: Bench, pair: tuple[bytes, bytes]) -> None:
        self.trust(at, pair[1])
        at.forge(at.result())
        refused(at, Flaw.ALTERED, "is not vouched for", "no signed statement")

    def test_nor_what_somebody_else_signed(self, at: Bench, pair: tuple[bytes, bytes]) -> None:
        self.trust(at, pair[1])
        self.sign(at, at.result(), keypair()[0])
        refused(at, Flaw.ALTERED, "is not vouched for")

    def test_nor_a_failure_dressed_up_under_its_own_signature(self, at: Bench, pair: tuple[bytes, bytes]) -> None:
        self.trust(at, pair[1])
        path, _ = self.sign(at, at.result(fails), pair[0])
        envelope = Repository(at.repo.origin).read("evidence", path.replace(".json", ".intoto.json"))
        second = path.replace(".json", ".2.json"), path.replace(".json", ".2.intoto.json")
        at.repo.tamper(dict(zip(second, (document(at.result()), envelope), strict=True)))
        refused(at, Flaw.ALTERED, "is not vouched for")

    def test_a_statement_that_was_taken_away_or_replaced_is_noticed_with_or_without_keys(
        self, at: Bench, pair: tuple[bytes, bytes]
    ) -> None:
        path, _ = self.sign(at, at.result(), pair[0])
        assert at.ask().result is not None
        at.repo.tamper({path.replace(".json", ".intoto.json"): b"{}"})
        refused(at, Flaw.ALTERED, "its statement")

    def test_a_key_that_main_does_not_name_any_more_vouches_for_nothing(
        self, at: Bench, pair: tuple[bytes, bytes]
    ) -> None:
        self.trust(at, pair[1])
        self.sign(at, at.result(), pair[0])
        at.commit({".github/evidence.pem": keypair()[1].decode()})
        refused(at, Flaw.ALTERED, "is not vouched for")

    def test_a_key_file_that_is_gone_lets_nothing_in(self, at: Bench, pair: tuple[bytes, bytes]) -> None:
        self.trust(at, pair[1])
        self.sign(at, at.result(), pair[0])
        at.commit({".github/evidence.pem": None})
        finding = at.ask()
        assert finding.result is None
        assert ".github/evidence.pem" in finding.fault


def keypair() -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    private = Ed25519PrivateKey.generate()
    return (
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )
