"""What the settings of every kind of source have in common, and what a run wants to know of any of them."""

from abc import ABC, abstractmethod

from pydantic import Field

from components.manifest_gen.inside import PathInside, Patterns
from trainer.strict import Settings


class SourceSettings(Settings, ABC):
    """Settings of one source. Each kind adds a ``kind`` and its own keys beside its reader."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$", description="how records and slices call the source")
    path: str = Field(description="folder, relative to data.root")

    @property
    @abstractmethod
    def tables(self) -> tuple[str, ...]:
        """Metadata files, relative to the source's folder."""

    @property
    @abstractmethod
    def films(self) -> tuple[str, ...]:
        """Where the films lie: folders (with all below them) or files, relative to the source's folder."""

    @property
    @abstractmethod
    def names_patients(self) -> bool:
        """Whether the source says which films are of one patient. If not, each film is a patient of its own."""


class TableOfFilms(SourceSettings):
    """A source that is one metadata file, with films in places of their own. Kinds set defaults."""

    metadata: PathInside
    images: Patterns

    @property
    def tables(self) -> tuple[str, ...]:
        """The metadata file."""
        return (self.metadata,)

    @property
    def films(self) -> tuple[str, ...]:
        """Where the images lie."""
        return self.images

    @property
    def names_patients(self) -> bool:
        """Unless a kind says otherwise."""
        return True
