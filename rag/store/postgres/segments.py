"""Postings and counts of words are kept in segments, as in Lucene: a build writes some, and merges small ones.

A segment holds from generation `since` to before `until`, as articles do, and is never changed. What is removed stays
in it, and `gone` has its keys, until it is a quarter of all: then all segments are written anew as one.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, LiteralString

import numpy as np

from rag.language.words import bare, written
from rag.store.postgres import runs, tokens
from rag.store.postgres.connections import Connection, fetched
from rag.store.postgres.postings import Gone
from rag.store.postgres.rows import POSTING_SUM, Damaged, encoded, sha256
from rag.store.postgres.tokens import BESIDE, DTYPES, PASSAGES, POSITION, RUNS, Posting, stored

FLUSHED_AT = 64 * 2**20  # bytes of postings
_AT_MOST = 8  # segments of about one size
_STEP = 8  # how much larger the next size is
_READ = 5_000  # postings
_MERGE: LiteralString = (
    "INSERT INTO posting SELECT segment, kind, token, entries, positions, " + POSTING_SUM + " FROM (SELECT "  # noqa: S608 - words of our own
    "%s::int AS segment, kind, token, string_agg(entries, '' ORDER BY segment) AS entries, "
    "string_agg(positions, '' ORDER BY segment) AS positions FROM posting WHERE segment = ANY(%s) "
    "GROUP BY kind, token) AS merged"
)
Text = tuple[str, str | None, str | None]


class Collected:
    """The postings and counts of words of texts, until they are written."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begins anew."""
        self.size = self.passages = 0
        self._words: Counter[str] = Counter()
        self._held: tuple[defaultdict[bytes, list[Posting]], ...] = tuple(defaultdict(list) for _ in DTYPES)

    def add(self, keys: Sequence[int], texts: Sequence[Text], beside: Sequence[tuple[int, str]]) -> list[int]:
        """Adds passages, and what else is seen of articles; how many words each passage has."""
        found, lengths = tokens.postings(keys, texts, PASSAGES)
        others = [(text, None, None) for _, text in beside]
        seen, _ = tokens.postings([key for key, _ in beside], others, BESIDE)
        for kind, postings in ((PASSAGES, found), (BESIDE, seen)):
            for posting in postings:
                self._held[kind][posting.token].append(posting)
                self.size += len(posting.entries) + len(posting.positions) + 64
        self.count(texts, 1)
        self.passages += len(keys)
        return lengths

    def add_runs(self, articles: Iterable[tuple[int, str, str]]) -> None:
        """Adds the runs of words of articles, each its key, text and title."""
        for posting in runs.postings(articles):
            self._held[RUNS][posting.token].append(posting)
            self.size += len(posting.entries) + 64

    def count(self, texts: Iterable[Text], sign: int) -> None:
        """Counts words as they are written; those of texts that go with the sign -1."""
        for text, section, title in texts:
            for word, count in written(f"{text} {section or ''} {title}").items():
                self._words[sys.intern(word)] += sign * count

    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.size or self._words)

    def postings(self) -> Iterator[tuple[int, bytes, bytes, bytes]]:
        """(kind, token, entries, positions)."""
        for kind, held in enumerate(self._held):
            for token in sorted(held):
                its = held[token]
                yield kind, token, b"".join(p.entries for p in its), b"".join(p.positions for p in its)

    def words(self) -> Iterator[tuple[bytes, bytes, int]]:
        """(bare, word, count)."""
        return ((stored(encoded(bare(word))), encoded(word), count) for word, count in self._words.items() if count)


def write(
    connection: Connection,
    since: int,
    passages: int,
    postings: Iterable[tuple[int, bytes, bytes, bytes]],
    words: Iterable[tuple[bytes, bytes, int]],
) -> int:
    """Writes a segment; its number."""
    number = _next(connection)
    with connection.cursor().copy(
        "COPY posting (segment, kind, token, entries, positions, sum) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types("int4 int2 bytea bytea bytea bytea".split())
        for kind, token, entries, positions in postings:
            total = sha256(token + entries + positions)
            copy.write_row((number, kind, token, entries, positions, total))
    with connection.cursor().copy("COPY word (segment, bare, word, count) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types("int4 bytea bytea int8".split())
        for key, word, count in words:
            copy.write_row((number, key, word, count))
    _enter(connection, number, since, passages)
    return number


def _next(connection: Connection) -> int:
    return int(fetched(connection, "SELECT coalesce(max(number), 0) + 1 FROM segment")[0][0])


TOTALS: LiteralString = """
SELECT (SELECT count(*) FROM posting WHERE segment = %(number)s)::bigint,
    (SELECT coalesce(sum(length(entries) + length(positions)), 0) FROM posting WHERE segment = %(number)s)::bigint,
    (SELECT coalesce(sum(count), 0) FROM word WHERE segment = %(number)s)::bigint
"""


def _enter(connection: Connection, number: int, since: int, passages: int) -> None:
    totals = connection.execute(TOTALS, {"number": number}, binary=True).fetchall()[0]
    connection.execute(
        "INSERT INTO segment (number, since, passages, rows, bytes, words) VALUES (%s, %s, %s, %s, %s, %s)",
        [number, since, passages, *totals],
    )


def is_whole(connection: Connection, number: int) -> bool:
    """Whether a segment is as it was written."""
    noted = fetched(connection, "SELECT rows, bytes, words FROM segment WHERE number = %s", [number])
    found = connection.execute(TOTALS, {"number": number}, binary=True).fetchall()
    changed: LiteralString = "SELECT count(*) FROM posting WHERE segment = %s AND sum <> " + POSTING_SUM  # noqa: S608 - words of our own
    return noted == found and not fetched(connection, changed, [number])[0][0]


def tidy(connection: Connection, since: int, clean: int, passages: int) -> int:
    """Merges segments of about one size where there are too many; since when none of them has what is gone.

    Raises Damaged for one that is not as it was written.
    """
    removed = fetched(connection, "SELECT key, last FROM gone WHERE number > %s", [clean])
    if 4 * sum(last - first for first, last in removed) > passages:
        _rewrite(connection, since, passages, Gone.of(removed))
        return since
    while going := _crowded(_held(connection)):
        _require_whole(connection, [number for number, _ in going])
        merged = _next(connection)
        connection.execute(_MERGE, [merged, [number for number, _ in going]])
        _merge_words(connection, merged, [number for number, _ in going])
        _close(connection, since, [number for number, _ in going])
        _enter(connection, merged, since, sum(size for _, size in going))
    return clean


def _require_whole(connection: Connection, going: Sequence[int]) -> None:
    for number in going:
        if not is_whole(connection, number):
            raise Damaged(f"the words of segment {number} are damaged; run `rag build` again, which mends them")


def _held(connection: Connection) -> list[tuple[int, int]]:
    return [(n, size) for n, size in fetched(connection, "SELECT number, passages FROM segment WHERE until IS NULL")]


def _crowded(held: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The segments of the first size of which there are too many, and those that are smaller."""
    sizes: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, size in held:
        sizes[_size(size)].append((number, size))
    for level in sorted(sizes):
        if len(sizes[level]) >= _AT_MOST:
            return [one for its in range(level + 1) for one in sizes.get(its, [])]
    return []


def _size(passages: int) -> int:
    level = 0
    while passages >= _STEP ** (level + 1):
        level += 1
    return level


def _merge_words(connection: Connection, merged: int, going: Sequence[int]) -> None:
    connection.execute(
        "INSERT INTO word SELECT %s::int, bare, word, sum(count) FROM word WHERE segment = ANY(%s) "
        "GROUP BY bare, word HAVING sum(count) <> 0",
        [merged, list(going)],
    )


def _close(connection: Connection, since: int, going: Sequence[int]) -> None:
    """Segments that this build wrote itself nobody reads: they go at once."""
    own = [
        n
        for (n,) in fetched(
            connection, "SELECT number FROM segment WHERE number = ANY(%s) AND since = %s", [list(going), since]
        )
    ]
    connection.execute("UPDATE segment SET until = %s WHERE number = ANY(%s)", [since, list(going)])
    remove(connection, own)


def remove(connection: Connection, numbers: Sequence[int]) -> None:
    """Removes segments."""
    connection.execute("DELETE FROM posting WHERE segment = ANY(%s)", [list(numbers)])
    connection.execute("DELETE FROM word WHERE segment = ANY(%s)", [list(numbers)])
    connection.execute("DELETE FROM segment WHERE number = ANY(%s)", [list(numbers)])


def _rewrite(connection: Connection, since: int, passages: int, gone: Gone) -> None:
    """All segments as one, without what is gone."""
    going = [number for number, _ in _held(connection)]
    _require_whole(connection, going)
    number = _next(connection)
    after: tuple[int, bytes] = (-1, b"")
    while page := _merged(connection, going, after):
        after = page[-1][0], page[-1][1]
        with connection.cursor().copy(
            "COPY posting (segment, kind, token, entries, positions, sum) FROM STDIN (FORMAT BINARY)"
        ) as copy:
            copy.set_types("int4 int2 bytea bytea bytea bytea".split())
            for kind, token, entries, positions in page:
                left = _without(kind, entries, positions, gone)
                if left[0]:
                    copy.write_row((number, kind, token, *left, sha256(token + left[0] + left[1])))
    _merge_words(connection, number, going)
    _close(connection, since, going)
    _enter(connection, number, since, passages)


def _merged(connection: Connection, going: Sequence[int], after: tuple[int, bytes]) -> list[tuple[Any, ...]]:
    return fetched(
        connection,
        "SELECT kind, token, string_agg(entries, '' ORDER BY segment), string_agg(positions, '' ORDER BY segment) "
        "FROM posting JOIN (SELECT DISTINCT kind, token FROM posting WHERE segment = ANY(%s) AND "
        "(kind, token) > (%s, %s) ORDER BY kind, token LIMIT %s) AS page USING (kind, token) "
        "WHERE segment = ANY(%s) GROUP BY kind, token ORDER BY kind, token",
        [list(going), after[0], after[1], _READ, list(going)],
    )


def _without(kind: int, entries: bytes, positions: bytes, gone: Gone) -> tuple[bytes, bytes]:
    held = np.frombuffer(entries, dtype=DTYPES[kind])
    alive = ~gone.has(held["key"].astype(np.int64))
    if kind == RUNS:
        return held[alive].tobytes(), b""
    places = np.frombuffer(positions, dtype=POSITION)[np.repeat(alive, held["count"])]
    return held[alive].tobytes(), places.tobytes()
