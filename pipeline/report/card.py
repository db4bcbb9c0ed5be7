"""The model card: Markdown from the same artifacts as the report, and the same card as a part of it."""

import re
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from pipeline.report.data import ReportData
from pipeline.report.environment import environment

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>()#|!~&$+])")
#: Levels by which the card's headings stand deeper in the report.
_DEEPER: Final = 2


class Plain(str):
    """Markdown that is meant as such, and not a value to be escaped."""

    __slots__ = ()


def escaped(value: Any) -> str:
    """A value as Markdown that says nothing but the value, on one line."""
    if isinstance(value, Plain):
        return value
    return _SPECIAL.sub(r"\\\1", " ".join(str(value).split()))


def model_card(data: ReportData) -> str:
    """The card as Markdown."""
    made = environment(autoescape=False, finalize=escaped)
    text = made.get_template("card.md").render(data=data)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def as_section(card: str) -> Markup:
    """The card as HTML inside the report: no link, no picture, no HTML of its own, headings two levels deeper."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.disable(["link", "image", "autolink", "html_inline", "html_block", "reference"])
    tokens = parser.parse(card)
    for token in tokens:
        _fit(token)
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # markdown-it escapes what it is given


def _fit(token: Token) -> None:
    if token.type in ("heading_open", "heading_close"):
        token.tag = f"h{min(6, int(token.tag[1]) + _DEEPER)}"
    elif token.type == "th_open":
        token.attrSet("scope", "col")
