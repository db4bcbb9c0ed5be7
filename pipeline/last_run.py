"""What the last finished run came to, so that the same run again ends before TensorFlow is imported."""

import json
from pathlib import Path
from typing import Final

from components.pusher.publish import is_complete, versions
from pipeline.result import ComponentRun, RunResult

FILE: Final = "last_run.json"


def remember(root: Path, fingerprint: str, result: RunResult) -> None:
    """Keeps the result of a finished run under the root."""
    content = {"fingerprint": fingerprint, "result": result.model_dump(mode="json")}
    draft = root / f".{FILE}"
    draft.write_text(json.dumps(content, indent=2), encoding="utf-8")
    draft.replace(root / FILE)


def forget(root: Path) -> None:
    """Forgets it: a run has begun whose report will take the place of the last one's, however it ends."""
    (root / FILE).unlink(missing_ok=True)


def recall(root: Path, fingerprint: str, model_folder: Path) -> RunResult | None:
    """The last result, if nothing that it depends on has changed and what it pushed is still what is served.

    Returns:
        The result with every node cached and ``unchanged`` for a model that is served; a refusal stays a refusal.
        None where the pipeline must run.
    """
    try:
        last = json.loads((root / FILE).read_text(encoding="utf-8"))
        if last["fingerprint"] != fingerprint:
            return None
        result = RunResult.model_validate(last["result"])
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or of another version
        return None
    cached = {name: ComponentRun(state="cached", seconds=0) for name in result.components}
    if result.status not in ("pushed", "unchanged"):
        return result.model_copy(update={"components": cached})
    served = versions(model_folder)
    if not served or str(served[-1]) != result.model_dir or not is_complete(served[-1]):
        return None
    return result.model_copy(update={"status": "unchanged", "components": cached})
