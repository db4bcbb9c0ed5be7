"""The artifact types that TFX does not have."""

from tfx.types.artifact import Artifact


class Manifest(Artifact):
    """``manifest.csv``, a row per film, and ``rejected.csv``, a row per film that was left out and why."""

    TYPE_NAME = "CxrManifest"


class RejectedFilms(Artifact):
    """``rejected.csv`` of the films whose bytes turned out unusable."""

    TYPE_NAME = "CxrRejectedFilms"


class DataAuditReport(Artifact):
    """``audit.json``: what was measured on the data, each with its bound and verdict."""

    TYPE_NAME = "CxrDataAuditReport"


class Predictions(Artifact):
    """``predictions.parquet``: a row per test film with its probabilities and decision."""

    TYPE_NAME = "CxrPredictions"
