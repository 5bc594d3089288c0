"""Forms with files (RFC 7578), read as they come: nothing of a file is kept in memory or in a file of ours."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from headgate.gateway.refusals import BadRequestError, TooLargeError

_MOST_HEADERS: Final = 16 * 1024
_END: Final = object()


class Form:
    """A form that is being received: a parser that is fed what comes, and what it found and nobody took yet."""

    def __init__(self, request: Request, most: int) -> None:
        """``most``: bytes of the whole form. Raises BadRequestError for what is no form."""
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise BadRequestError("this takes a form: multipart/form-data with a boundary")
        self._stream = request.stream()
        self._most = most
        self._size = 0
        self._found: deque[object] = deque()
        self._name = self._value = b""
        self._headers: dict[str, str] = {}
        self._ended = False
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._part_begins,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_ends,
                "on_headers_finished": self._headers_end,
                "on_part_data": self._data,
                "on_part_end": self._part_ends,
                "on_end": self._form_ends,
            },
        )

    async def next(self) -> object:
        """Return what comes next: a part's headers, a piece of it, its end (``_END``); None at the end of the form."""
        while not self._found:
            if self._ended:
                return None
            piece = await anext(self._stream, None)
            if piece is None:
                raise BadRequestError("the form broke off")
            self._size += len(piece)
            if self._size > self._most:
                raise TooLargeError(f"the form has more than {self._most} bytes")
            try:
                self._parser.write(piece)
            except FormParserError as error:
                raise BadRequestError("this is no form as its boundary says") from error
        return self._found.popleft()

    def _part_begins(self) -> None:
        self._headers = {}

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._bound()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._bound()

    def _header_ends(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._name = self._value = b""

    def _headers_end(self) -> None:
        self._found.append(self._headers)

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._found.append(data[start:end])

    def _part_ends(self) -> None:
        self._found.append(_END)

    def _form_ends(self) -> None:
        self._ended = True

    def _bound(self) -> None:
        if len(self._name) + len(self._value) > _MOST_HEADERS:
            raise BadRequestError("a field of the form has too long a header")


class Part:
    """One field of a form."""

    def __init__(self, form: Form, headers: dict[str, str]) -> None:
        self._form = form
        self._headers = headers
        self._over = False

    @property
    def name(self) -> str:
        """The field's name."""
        _, options = parse_options_header(self._headers.get("content-disposition", ""))
        return options.get(b"name", b"").decode("utf-8", "replace")

    @property
    def media_type(self) -> str:
        """The field's type, without parameters."""
        return self._headers.get("content-type", "text/plain").partition(";")[0].strip().lower()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield what is in it. Raises BadRequestError, TooLargeError."""
        while not self._over:
            piece = await self._form.next()
            if isinstance(piece, bytes):
                yield piece
            else:
                self._over = True
                if piece is None:
                    raise BadRequestError("the form broke off")


async def parts(request: Request, most: int) -> AsyncIterator[Part]:
    """Yield the fields of a form as they come, at most ``most`` bytes in all. Raises BadRequestError, TooLargeError."""
    form = Form(request, most)
    while (found := await form.next()) is not None:
        if isinstance(found, dict):
            part = Part(form, found)
            yield part
            async for _ in part.pieces():
                pass
