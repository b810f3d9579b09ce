"""Writes a part of a generation (`rag.store.parts`): of articles, and of what stays of other parts."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.store import posting_writer, postings, rows, runs, vectors
from rag.store.parts import CODES, PASSAGES, ROWS, RUNS, VECTORS, WORDS, Part
from rag.store.passage_reader import PassageReader
from rag.store.passage_writer import PassageWriter, Places
from rag.store.posting_writer import Said
from rag.types.stores import StoredArticle

_WORK = "passages.new"
_LABEL_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Source:
    """A part, and the ids of the articles that are no more in it."""

    part: Part
    gone: Collection[str]


def write(folder: Path, sources: Sequence[Source], added: Mapping[str, StoredArticle], encoder: str) -> Part | None:
    """Makes one part of the sources and of what is added, by id; None where no article is left."""
    work = folder / _WORK
    work.unlink(missing_ok=True)
    base = max(sources, key=lambda source: source.part.weight, default=None)
    if base is not None:
        shutil.copyfile(base.part.path(PASSAGES), work)
    db = PassageWriter(work)
    before = {base.part.label: db.places()} if base is not None else {}
    for id in base.gone if base is not None else ():
        db.remove(id)
    for source in sources:
        if source is not base:
            before[source.part.label] = _absorb(db, source)
    for _, article in sorted(added.items()):
        db.add(article.info, article.text, article.chunks)
    places, digests = db.lay_down()
    ids = db.articles()
    db.close()
    if not ids:
        work.unlink()
        return None
    label, name = _named(work)
    part = Part(folder, label, len(ids), len(digests), (name,))
    return _rest(part, sources, added, encoder, before, places, digests, ids)


def _absorb(db: PassageWriter, source: Source) -> Places:
    """Adds the articles of another part; the places that they had there."""
    reader, places, at = PassageReader(source.part.path(PASSAGES)), Places(), 0
    for id, info, text, chunks in reader.stored():
        if id not in source.gone:
            db.add(info, text, chunks)
        if chunks:
            places.append((id, at, len(chunks)))
            at += len(chunks)
    reader.close()
    return places


def _named(work: Path) -> tuple[str, str]:
    """Gives the passages their name: the label of the part, and the name."""
    with work.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    label = digest[:_LABEL_DIGITS]
    name = f"{label}-{digest[:32]}{PASSAGES}"
    work.rename(work.with_name(name))
    return label, name


def _rest(
    part: Part,
    sources: Sequence[Source],
    added: Mapping[str, StoredArticle],
    encoder: str,
    before: Mapping[str, Places],
    places: Places,
    digests: NDArray[Any],
    ids: Sequence[str],
) -> Part:
    """Writes the other files of a part, whose passages are written."""
    names = [*part.names, _runs(part, sources, added)]
    sums = np.empty(0, dtype=np.uint64)
    if part.passages:
        sources = [source for source in sources if source.part.passages]
        said = [
            Said(id, article.text[c.start : c.end], c.section, article.info.title)
            for id, article in sorted(added.items())
            for c in article.chunks
        ]
        held = [(postings.opened(source.part.path(WORDS)), source.gone) for source in sources]
        words = posting_writer.merged([*held, (posting_writer.inverted(said), ())]) if held else None
        data = postings.packed(words or posting_writer.inverted(said))
        names.append(vectors.write_file(part.folder, part.label, WORDS, data))

        def gathered(
            of_part: Callable[[Part], NDArray[Any]], of_article: Callable[[StoredArticle], NDArray[Any]]
        ) -> Any:
            return _gathered(places, [(of_part(s.part), before[s.part.label], s.gone) for s in sources],
                             {id: of_article(article) for id, article in added.items()})  # fmt: skip

        its = gathered(
            lambda one: vectors.held(one.path(VECTORS), one.passages),
            lambda article: np.ascontiguousarray(article.vectors, dtype="<f4"),
        )
        sums = gathered(lambda one: rows.Rows(one.path(ROWS)).sums, lambda article: rows.sums_of(article.vectors))
        names.append(vectors.write_file(part.folder, part.label, VECTORS, vectors.packed(its)))
    names.append(vectors.write_file(part.folder, part.label, ROWS, rows.packed(encoder, ids, digests, sums)))
    return replace(part, names=tuple(names))


def _runs(part: Part, sources: Sequence[Source], added: Mapping[str, StoredArticle]) -> str:
    """Writes the runs of words of a part; the name."""
    told = [runs.Told(id, article.text, article.info.title) for id, article in sorted(added.items())]
    held = [(runs.opened(source.part.path(RUNS)), source.gone) for source in sources]
    return vectors.write_file(part.folder, part.label, RUNS, runs.packed(runs.merged(held, told)))


def _gathered(
    places: Places,
    sources: Sequence[tuple[NDArray[Any], Places, Collection[str]]],
    added: Mapping[str, NDArray[Any]],
) -> NDArray[Any]:
    """One array of what each row has, in the order of the places."""
    pieces = dict(added)
    for its, before, gone in sources:
        pieces |= {id: its[first : first + many] for id, first, many in before if id not in gone}
    return np.concatenate([pieces[id] for id, _, _ in places])


def with_codes(part: Part, folder: Path) -> Part:
    """The same part with its codes, which are made in a folder where they are not there."""
    if not part.passages or part.name(CODES):
        return part
    data = vectors.coded(vectors.held(part.path(VECTORS), part.passages))
    return replace(part, names=(*part.names, vectors.write_file(folder, part.label, CODES, data)))
