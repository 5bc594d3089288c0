"""Reads a ``formatted_body`` as a strict client: only the tags and attributes of the specification, well nested."""

from __future__ import annotations

from html.parser import HTMLParser

_PLAIN = (
    "del h1 h2 h3 h4 h5 h6 blockquote p ul sup sub li b i u strong em s hr br div table thead tbody tr th td caption "
    "pre details summary"
)
TAGS: dict[str, frozenset[str]] = {
    **{tag: frozenset() for tag in _PLAIN.split()},
    "a": frozenset({"target", "href"}),
    "ol": frozenset({"start"}),
    "code": frozenset({"class"}),
    "span": frozenset({"data-mx-bg-color", "data-mx-color", "data-mx-spoiler", "data-mx-maths"}),
    "img": frozenset({"width", "height", "alt", "title", "src"}),
}
"""What clients are told to show (client-server API, "m.room.message msgtypes")."""
MAX_DEPTH = 100
"""Tags within tags."""
_VOID = frozenset({"br", "hr", "img"})
_SCHEMES = ("https://", "http://", "ftp://", "mailto:", "magnet:")
_CODE = frozenset({"pre", "code"})


class FormattedBody(HTMLParser):
    """What a client sees: ``tags`` with their attributes, ``text`` outside code, ``code``, ``links`` and mistakes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.code = ""
        self.links: list[str] = []
        self.mistakes: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.mistakes += [f"{tag} is not closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in TAGS:
            self.mistakes.append(f"tag {tag}")
        self.mistakes += [f"attribute {name} of {tag}" for name, _ in attrs if name not in TAGS.get(tag, frozenset())]
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
                if not (value or "").startswith(_SCHEMES):
                    self.mistakes.append("href of a scheme that is not shown")
        if tag not in _VOID:
            self._open.append(tag)
        if len(self._open) > MAX_DEPTH:
            self.mistakes.append("too deep")

    def handle_endtag(self, tag: str) -> None:
        """Check an end."""
        if tag in _VOID:
            return
        if not self._open or self._open.pop() != tag:
            self.mistakes.append(f"{tag} ends where it did not begin")

    def handle_data(self, data: str) -> None:
        """Keep text."""
        if _CODE.isdisjoint(self._open):
            self.text += data
        else:
            self.code += data

    def handle_comment(self, data: str) -> None:
        """Nothing is to be commented."""
        self.mistakes.append(f"a comment: {data[:20]}")

    def handle_decl(self, decl: str) -> None:
        """Nothing is to be declared."""
        self.mistakes.append(f"a declaration: {decl[:20]}")

    def unknown_decl(self, data: str) -> None:
        """Nothing is to be declared."""
        self.mistakes.append(f"a declaration: {data[:20]}")

    def handle_pi(self, data: str) -> None:
        """Nothing is to be processed."""
        self.mistakes.append(f"a processing instruction: {data[:20]}")


def html_mistakes(html: str) -> list[str]:
    """Return what a strict client has against this HTML."""
    return FormattedBody(html).mistakes
