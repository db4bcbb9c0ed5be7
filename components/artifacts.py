"""The artifact types that TFX does not have.

A type is called by an import path, ``package.Class`` and no deeper: on Kubeflow the name is all that an executor gets
to find the class again. ``components/__init__.py`` leads there.
"""

from tfx.types.artifact import Artifact


class Manifest(Artifact):
    """``manifest.csv``, a row per film, and ``rejected.csv``, a row per film that was left out and why."""

    TYPE_NAME = "components.Manifest"


class RejectedFilms(Artifact):
    """``rejected.csv`` of the films whose bytes turned out unusable."""

    TYPE_NAME = "components.RejectedFilms"


class DataAuditReport(Artifact):
    """``audit.json``: what was measured on the data, each with its bound and verdict."""

    TYPE_NAME = "components.DataAuditReport"


class Predictions(Artifact):
    """What the network said, run once per test film and variant.

    ``predictions.parquet``: a row per test film and variant. ``explanations.npz``: heat maps of some films.
    ``export.json``: whether the exported graph answers as it must. ``served.parquet``: the same films as the model says
    that is served now; absent where none is.
    """

    TYPE_NAME = "components.Predictions"


class ShortcutReport(Artifact):
    """``shortcuts.json``: what the variants say about the model; pictures beside it."""

    TYPE_NAME = "components.ShortcutReport"


class Trial(Artifact):
    """One network of a comparison, trained and not exported.

    ``trial.json``: how it was trained, and what it is worth on the train films. ``predictions.parquet``: a row per test
    film.
    """

    TYPE_NAME = "components.Trial"
