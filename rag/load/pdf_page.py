"""The layout of a PDF page, also of one that was placed as a form object, as programs do that merge or impose pages."""

from __future__ import annotations

import collections
import contextlib
import functools
import io
import zlib
from collections.abc import Iterator

from pdfminer.converter import PDFPageAggregator
from pdfminer.layout import LAParams, LTChar, LTFigure, LTTextContainer
from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser
from pdfminer.pdftypes import LITERALS_FLATE_DECODE, PDFStream
from pdfminer.utils import Matrix, Rect

from rag.load.limits import Limits, at_most

_POINTS = 50  # characters by themselves, as a drawing of points has them
_PIECE = 65_536  # bytes that are unpacked at a time
_SLANT = 0.1  # of a line of text, as a share of its run


class _Device(PDFPageAggregator):
    """Lays out the characters of forms with the page's own, where most stand in forms.

    pdfminer leaves forms out of its text, or puts each behind the page. Where a page has more characters of its own,
    they stay out: those are drawings, stamps and watermarks.
    """

    def __init__(self, resources: PDFResourceManager, laparams: LAParams) -> None:
        super().__init__(resources, laparams=laparams)
        self._layout = laparams
        self._outside: list[Matrix] = []
        self._of_forms: list[LTChar] = []

    def begin_figure(self, name: str, bbox: Rect, matrix: Matrix) -> None:
        x0, y0, x1, y1 = bbox
        self._outside.append(self.ctm)
        super().begin_figure(name, (x0, y0, x1 - x0, y1 - y0), matrix)  # it takes a width and a height

    def end_figure(self, name: str) -> None:
        form = self.cur_item
        super().end_figure(name)
        self.set_ctm(self._outside.pop())  # it would go on with the form's
        # What lies outside of a form's box is cut off, and nobody sees it.
        seen = [item for item in form if isinstance(item, LTChar) and _is_level(item)]
        seen = [item for item in seen if form.is_hoverlap(item) and form.is_voverlap(item)]
        if isinstance(self.cur_item, LTFigure):
            for item in seen:
                self.cur_item.add(item)
        else:
            self._of_forms += seen

    def end_page(self, page: PDFPage) -> None:
        if len(self._of_forms) > sum(isinstance(item, LTChar) for item in self.cur_item):
            for item in self._worded():
                self.cur_item.add(item)
        self._of_forms = []
        super().end_page(page)

    def _worded(self) -> list[LTChar]:
        """Without the points of a drawing, each a line of its own: laying them out takes time that is quadratic."""
        lines = [list(line) for line in self.cur_item.group_objects(self._layout, self._of_forms)]
        alone = sum(len(line) == 1 for line in lines)
        kept = lines if alone <= _POINTS else [line for line in lines if len(line) > 1]
        return [item for line in kept for item in line if isinstance(item, LTChar)]


def _is_level(item: LTChar) -> bool:
    along, across = item.matrix[0], item.matrix[1]
    return bool(abs(across) <= _SLANT * abs(along))


class Document(PDFDocument):
    """A document of which all streams that are read unpack to a bounded size together."""

    def __init__(self, raw: bytes, limits: Limits) -> None:
        self._left, self._limits = limits.unpacked_bytes, limits
        super().__init__(PDFParser(io.BytesIO(raw)))

    def getobj(self, objid: int) -> object:
        """An object, as pdfminer reads it."""
        found = super().getobj(objid)
        if isinstance(found, PDFStream) and found.data is None:
            found.decode = functools.partial(self._decode, found)  # type: ignore[method-assign]
        return found

    def pages(self) -> Iterator[PDFPage]:
        """The pages in their order. Raises ValueError for more than there may be."""
        yield from at_most(self._limits.pages, PDFPage.create_pages(self), "pages")

    def _decode(self, stream: PDFStream) -> None:
        """Unpacks a stream, if it may be: pdfminer would put it into memory whatever its size."""
        pieces = iter([] if stream.decipher else _sliced(stream.rawdata or b""))
        for name, _ in stream.get_filters():
            if name not in LITERALS_FLATE_DECODE:
                break
            pieces = self._inflated(pieces)
        collections.deque(pieces, maxlen=0)
        PDFStream.decode(stream)
        self._left -= self._fitting(len(stream.data or b""))

    def _inflated(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """What pieces unpack to, in pieces. Damage is left for pdfminer to find."""
        inflate, size = zlib.decompressobj(), 0
        with contextlib.suppress(zlib.error):
            for piece in pieces:
                rest = piece
                while rest and not inflate.eof:  # what stands after the end stays in the tail for ever
                    out = inflate.decompress(rest, _PIECE)
                    size = self._fitting(size + len(out))
                    yield out
                    rest = inflate.unconsumed_tail

    def _fitting(self, size: int) -> int:
        if size > self._left:
            raise ValueError(f"unpacks to more than {self._limits.unpacked_bytes / 1e6:.0f} MB")
        return size


def _sliced(data: bytes) -> Iterator[bytes]:
    return (data[at : at + _PIECE] for at in range(0, len(data), _PIECE))


class Layouts:
    """Lays out the pages of a document."""

    def __init__(self) -> None:
        self._resources = PDFResourceManager()

    def boxes(self, page: PDFPage, line_margin: float) -> list[str]:
        """The texts of the boxes of a page; lines that are further apart than the margin are no box."""
        device = _Device(self._resources, LAParams(line_margin=line_margin))
        PDFPageInterpreter(self._resources, device).process_page(page)
        return [box.get_text() for box in device.get_result() if isinstance(box, LTTextContainer)]
