"""The layout of a PDF page that was placed as a form object, as programs do that merge or impose pages."""

from __future__ import annotations

import io
from collections.abc import Container, Iterator

from pdfminer.converter import PDFPageAggregator
from pdfminer.layout import LAParams, LTChar, LTFigure, LTPage
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.utils import Matrix, Rect

_POINTS = 50  # characters by themselves, as a drawing of points has them
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


def pages(raw: bytes, only: Container[int] | None, layout: LAParams) -> Iterator[LTPage]:
    """The pages of a document, or `only` some by number from 0."""
    resources = PDFResourceManager()
    device = _Device(resources, layout)
    interpreter = PDFPageInterpreter(resources, device)
    for page in PDFPage.get_pages(io.BytesIO(raw), only):
        interpreter.process_page(page)
        yield device.get_result()
