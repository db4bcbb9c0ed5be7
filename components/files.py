"""Names of the files inside the artifacts."""

from typing import Final

MANIFEST_FILE: Final = "manifest.csv"
REJECTED_FILE: Final = "rejected.csv"
AUDIT_FILE: Final = "audit.json"
PREDICTIONS_FILE: Final = "predictions.parquet"
DECISION_FILE: Final = "decision.json"
EXPLANATIONS_FILE: Final = "explanations.npz"
SERVED_FILE: Final = "served.parquet"  #: predictions of the model that is served now, on the same films
SERVED_FAULT_FILE: Final = "served_fault.txt"  #: one sentence: why there are none although a model is served
EXPORT_FILE: Final = "export.json"
SHORTCUTS_FILE: Final = "shortcuts.json"
ASSESSMENT_FILE: Final = "assessment.json"
TRIAL_FILE: Final = "trial.json"
