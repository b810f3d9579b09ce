"""The layout of a PDF page with what stands in its form objects: pages in a page, stamps, the labels of drawings."""

from __future__ import annotations

import io
from collections.abc import Container, Iterator

from pdfminer.converter import PDFPageAggregator
from pdfminer.layout import LAParams, LTChar, LTPage
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.utils import Matrix, Rect


class _Device(PDFPageAggregator):
    """Counts the characters of a form to the page (or form) it is placed on, so that they are laid out together.

    pdfminer gives them the places that they have on the page, but would lay each form out by itself, or not at all.
    """

    def begin_figure(self, name: str, bbox: Rect, matrix: Matrix) -> None:
        x0, y0, x1, y1 = bbox
        super().begin_figure(name, (x0, y0, x1 - x0, y1 - y0), matrix)  # it takes a width and a height

    def end_figure(self, name: str) -> None:
        form = self.cur_item
        super().end_figure(name)
        for item in form:
            # What lies outside of a form's box is cut off, and nobody sees it.
            if isinstance(item, LTChar) and form.is_hoverlap(item) and form.is_voverlap(item):
                self.cur_item.add(item)


def pages(raw: bytes, only: Container[int] | None, layout: LAParams) -> Iterator[LTPage]:
    """The pages of a document, or `only` some by number from 0."""
    resources = PDFResourceManager()
    device = _Device(resources, laparams=layout)
    interpreter = PDFPageInterpreter(resources, device)
    for page in PDFPage.get_pages(io.BytesIO(raw), only):
        interpreter.process_page(page)
        yield device.get_result()
