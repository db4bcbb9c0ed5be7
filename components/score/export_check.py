"""Whether an exported graph answers as it must, as it is written and read."""

from trainer.strict import Settings


class ExportCheck(Settings):
    """What Score has tried on the servable.

    Attributes:
        parity: Largest difference of a score between ``serving_default`` on the film's file and ``examples`` on its
            record; none where no file could be read.
        parity_films: So many films were compared.
        repeat: Largest difference of a score between two runs over the same films in batches of different sizes.
        random_ops: Names of random operations in the graph.
        faults: Why something could not be tried.
    """

    parity: float | None
    parity_films: int
    repeat: float | None
    random_ops: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
