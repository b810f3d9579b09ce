"""`python -m eval.quotes`: whether `rag quotes` is right on 400 quotations in drafts, a quarter of each kind.

The drafts are made at run time of articles in the data folder (--data, EVAL_DATA), by a seeded recipe (`eval.quotes`);
four fifths of the articles are held. --part develop is what the rules were made on; the test part is of other articles
and has alterations, edits, frames and quotation marks that the develop part has not.

`python -m eval.quotes --time INDEX`: processor milliseconds of a draft with one quotation, by its words.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import numpy as np

from eval import datasets
from eval.console import CONSOLE
from eval.quotes.recipe import KINDS, Draft, Recipe, drafts
from eval.quotes.sources import Source, pool
from rag import quotes, split
from rag.load import text as plain_text
from rag.quotes.draft import of_text
from rag.store.files import FileStore
from rag.types import Article, ArticleInfo
from rag.types.quotes import CheckedDraft
from rag.types.stores import PassageId, Reader, StoredArticle
from rag.types.stores import Recipe as Made

_DIMENSION = 2  # of vectors that nobody asks
_LONG = (4, 8, 20)  # words of a quotation that is timed
_TIMED = 200  # of each


def held(sources: list[Source], folder: Path) -> Reader:
    """An index of these articles, without the vectors that it is not asked for."""
    store = FileStore(folder)
    with store.building():
        writer = store.begin(Made("none", "0" * 64, "inner_product", 200, 400, "splitter"), afresh=True)
        for source in sources:
            writer.put(_stored(source))
        writer.commit({})
    return store.open()


def _stored(source: Source) -> StoredArticle:
    parsed = plain_text.parse(source.text.encode())
    digest = sha256(parsed.text.encode()).hexdigest()
    info = ArticleInfo(source.id, source.id, source.title, None, None, source.url, None, digest, digest, "plain")
    chunks = tuple(split.split(Article(info, parsed.text, parsed.paragraphs), min_chars=200, max_chars=400))
    return StoredArticle(info, parsed.text, chunks, np.tile(np.array([1, 0], np.float32), (len(chunks), 1)))


def judged(draft: Draft, checked: CheckedDraft) -> Iterator[tuple[str, str, str, str]]:
    """(right verdict, how it was made, given verdict, what is around it) of each quotation; "left out" for none."""
    given = {(one.start, one.end): one for one in checked.quotations}
    for start, end, item in draft.items:
        found = given.get((start, end))
        yield (
            item.verdict,
            item.how,
            found.verdict if found else "left out",
            item.text + (f"  {found.notes} {found.speaker!r} {found.source!r}" if found else ""),
        )


def timed(reader: Reader, seed: int) -> None:
    """Prints how long quotations take that are cut out of passages anywhere, and such with one word exchanged."""
    rng = random.Random(seed)  # noqa: S311 - to be the same each time
    CONSOLE.print(
        f"{'words':<20}{'median ms':>10}{'95%':>8}{'verbatim':>10}{'altered':>9}{'absent':>8}", highlight=False
    )
    for words in _LONG:
        for altered in (False, True):
            taken, verdicts = list[float](), Counter[str]()
            while len(taken) < _TIMED:
                (passage,) = reader.passages([PassageId(rng.randrange(reader.passage_count))])
                found = re.findall(r"[^\W\d_]+(?:['’][^\W_]+)*", passage.text)
                at = rng.randrange(max(1, len(found) - words))
                quoted = found[at : at + words]
                start = passage.text.find(" ".join(quoted))
                if len(quoted) < words or start < 0:  # marks stand between them
                    continue
                if altered:
                    quoted[rng.randrange(words)] = rng.choice(found)
                draft = of_text(f"As was written, “{' '.join(quoted)}” and no more.")
                begin = time.process_time()
                checked = quotes.check(draft, reader)
                taken.append(1e3 * (time.process_time() - begin))
                verdicts.update(one.verdict for one in checked.quotations)
            name = f"{words}{', one another' if altered else ''}"
            counts = "".join(f"{verdicts[v]:>{n}}" for v, n in (("verbatim", 10), ("altered", 9), ("absent", 8)))
            middle, most = np.percentile(taken, [50, 95])
            CONSOLE.print(f"{name:<20}{middle:>10.1f}{most:>8.1f}{counts}", highlight=False)


def main() -> None:
    """Makes the drafts, checks them, prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--part", choices=("develop", "test"), default="test")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=6, help="of so many articles one is taken")
    parser.add_argument("--of-each", type=int, default=100)
    parser.add_argument("--index", type=Path, help="where the index is, or is made, to be used again")
    parser.add_argument("--wrong", action="store_true", help="print those that are wrong")
    parser.add_argument("--time", type=Path, metavar="INDEX", help="measure the time in this index alone")
    options = parser.parse_args()
    if options.time is not None:
        with closing(FileStore(options.time).open()) as asked:
            timed(asked, options.seed)
        return
    data = datasets.folder(options.data)
    if data is None:
        parser.error("there is no data folder; give one with --data")
    its = pool(data, options.part, options.every)
    recipe = Recipe(its, options.part, options.seed)
    made = drafts(recipe.items(options.of_each), random.Random(options.seed))  # noqa: S311 - to be the same each time
    with tempfile.TemporaryDirectory() as folder:
        index = options.index or Path(folder)
        reader = FileStore(index).open() if FileStore(index).current() else held(its.held, index)
        with closing(reader):
            results, begin = list[tuple[str, str, str, str]](), time.perf_counter()
            for draft in made:
                results += judged(draft, quotes.check(of_text(draft.text), reader))
            taken = time.perf_counter() - begin
    report(results, taken)
    if options.wrong:
        for right, how, given, text in results:
            if right != given:
                CONSOLE.print(f"\n{right} ({how}), given {given}: {text}", markup=False, highlight=False)


def report(results: list[tuple[str, str, str, str]], taken: float) -> None:
    """The table by kind, and by how the quotations were made."""
    CONSOLE.print(
        f"{'':<24}{'of':>5}{'right':>7}" + "".join(f"{kind:>15}" for kind in (*KINDS, "left out")), highlight=False
    )
    for kind in KINDS:
        _row(kind, [given for right, _, given, _ in results if right == kind], kind)
        for how in sorted({how for right, how, _, _ in results if right == kind}):
            _row(f"    {how}", [given for right, h, given, _ in results if (right, h) == (kind, how)], kind)
    right = sum(right == given for right, _, given, _ in results)
    CONSOLE.print(
        f"{'all':<24}{len(results):>5}{right / len(results):>7.3f}; {1e3 * taken / len(results):.0f} ms each",
        highlight=False,
    )


def _row(name: str, given: list[str], right: str) -> None:
    counts = Counter(given)
    shown = "".join(f"{counts[kind] or '–':>15}" for kind in (*KINDS, "left out"))
    CONSOLE.print(f"{name:<24}{len(given):>5}{counts[right] / len(given):>7.3f}{shown}", highlight=False)


if __name__ == "__main__":
    main()
