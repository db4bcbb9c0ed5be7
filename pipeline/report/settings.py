"""What a report may show."""

from pydantic import Field

from trainer.strict import Settings


class ReportSettings(Settings):
    """What a report may show."""

    show_films: bool | None = Field(
        None, description="whether the report holds pictures of films, and their image ids; none = only of drawn films"
    )

    def shows_films(self, *, drawn: bool) -> bool:
        """Whether the report of a run may show films.

        Args:
            drawn: The run's films are drawn, of nobody.
        """
        return drawn if self.show_films is None else self.show_films
