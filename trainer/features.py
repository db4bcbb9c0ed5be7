"""The features of a record and the views of a film, spelled here and nowhere else.

``schema/schema.pbtxt`` says the same to TensorFlow Data Validation; a test holds the two together.
"""

from typing import Final

IMAGE: Final = "image"  #: raw uint8, image_size x image_size bytes, grayscale, row by row, no codec
LABEL: Final = "label"  #: int64, index into the classes
FINDING: Final = "finding"  #: bytes, canonical name as data.findings spells it; of a source's list the first
VIEW: Final = "view"  #: bytes, one of VIEWS
PATIENT_ID: Final = "patient_id"  #: bytes, pseudonym
SOURCE: Final = "source"  #: bytes, name of the source in the settings
SEX: Final = "sex"  #: bytes, one of SEXES; absent where the source does not say
AGE: Final = "age"  #: float, years; absent where the source does not say
IMAGE_ID: Final = "image_id"  #: bytes, the first 16 hex digits of the film's sha256

FEATURES: Final = (IMAGE, LABEL, FINDING, VIEW, PATIENT_ID, SOURCE, SEX, AGE, IMAGE_ID)

#: View positions as radiology names them: posteroanterior, anteroposterior, AP lying down.
VIEWS: Final = ("PA", "AP", "AP Supine")
SEXES: Final = ("F", "M")

TRAIN: Final = "train"
EVAL: Final = "eval"
TEST: Final = "test"
SPLITS: Final = (TRAIN, EVAL, TEST)
UNUSED: Final = "unused"  #: in the manifest only: a row that balancing has left out

IMAGE_ID_LENGTH: Final = 16

INVALID: Final = "invalid"  #: what a served model calls a film that cannot be decoded, never the name of a class
INVALID_SCORE: Final = -1.0


def fold_names(count: int) -> tuple[str, ...]:
    """What stands in the place of the splits in a cross-validation: ``fold1`` and so on."""
    return tuple(f"fold{number}" for number in range(1, count + 1))
