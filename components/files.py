"""Names of the files inside the artifacts."""

from typing import Final

MANIFEST_FILE: Final = "manifest.csv"
REJECTED_FILE: Final = "rejected.csv"
AUDIT_FILE: Final = "audit.json"
PREDICTIONS_FILE: Final = "predictions.parquet"
DECISION_FILE: Final = "decision.json"
