"""From the nodes of a run to its result, where something went wrong."""

from pathlib import Path

from tfx.types.artifact import Artifact

from components.artifacts import DataAuditReport
from components.artifacts import Manifest as ManifestArtifact
from components.data_audit.audit import Audit, Check
from components.files import AUDIT_FILE
from components.manifest_gen.manifest import Manifest, write_manifest
from pipeline.lineage import NodeRun
from pipeline.outcome import describe_failure, wrong_use_of
from trainer.errors import RefusedError, RunError, SourceError, UsageError

NODES = {
    "ImportSchemaGen": NodeRun("ImportSchemaGen", "ran", 1.0, {}),
    "Trainer": NodeRun("Trainer", "failed", 0.0, {}),
}
BEAM = " [while running 'Run[Trainer]']"


def test_an_expected_failure_is_told_as_it_was_raised(tmp_path: Path) -> None:
    result = describe_failure(RunError(f"the loss is nan{BEAM}"), NODES, tmp_path, tmp_path / "log")
    assert (result.status, result.reasons) == ("failed", ("Trainer: the loss is nan",))
    assert {name: node.state for name, node in result.components.items()} == {
        "ImportSchemaGen": "ran",
        "Trainer": "failed",
    }


def test_an_unexpected_failure_names_the_log(tmp_path: Path) -> None:
    result = describe_failure(ValueError(f"x{BEAM}"), NODES, tmp_path, tmp_path / "log")
    assert result.reasons == (f"Trainer: unexpected ValueError: x; see {tmp_path / 'log'}",)


def test_a_refusal_keeps_every_reason(tmp_path: Path) -> None:
    result = describe_failure(RefusedError(f"a: one\nb: two{BEAM}"), NODES, tmp_path, tmp_path / "log")
    assert (result.status, result.reasons) == ("refused_data", ("a: one", "b: two"))


def test_wrong_use_found_by_a_node_is_told_without_the_words_of_beam() -> None:
    found = wrong_use_of(SourceError(f"no such folder{BEAM}"))
    assert (type(found), str(found)) == (SourceError, "no such folder")
    assert wrong_use_of(RunError(f"the loss is nan{BEAM}")) is None


def test_wrong_use_found_by_a_node_can_be_described(tmp_path: Path) -> None:
    result = describe_failure(UsageError(f"no such block{BEAM}"), NODES, tmp_path, tmp_path / "log")
    assert (result.status, result.reasons) == ("failed", ("Trainer: no such block",))


def test_a_refusal_brings_every_check_of_the_audit_and_its_warnings(tmp_path: Path) -> None:
    def node(name: str, key: str, artifact: Artifact) -> NodeRun:
        artifact.uri = str(tmp_path / name)
        Path(artifact.uri).mkdir()
        return NodeRun(name, "ran", 1.0, {key: artifact})

    nodes = {
        "ManifestGen": node("ManifestGen", "manifest", ManifestArtifact()),
        "DataAudit": node("DataAudit", "audit", DataAuditReport()),
    }
    stop = Check(name="rejected", verdict="stop", value=0.7, bound=0.5, message="70 of 100")
    audit = Audit(checks=(stop, Check(name="waivers", verdict="warn", value=1, message="a waiver that does nothing")))
    write_manifest(Manifest((), ()), tmp_path / "ManifestGen")
    (tmp_path / "DataAudit" / AUDIT_FILE).write_text(audit.model_dump_json())
    result = describe_failure(RefusedError(audit.stops[0].reason), nodes, tmp_path / "manifest", tmp_path / "log")
    assert result.audit == audit.checks
    assert result.notes == ("a waiver that does nothing",)
    assert result.reasons == ("rejected: 70 of 100; allowed by a waiver of 'rejected' under audit.waivers",)
