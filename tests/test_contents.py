"""The hash of a set of entries, of which a generation's name is made."""

import random

import pytest

from rag.types import SeedEntry
from rag.types.contents import SIZE, Contents


def entry(number, text="0"):
    return SeedEntry(f"a{number}", f"{number}.txt", "1", text, "plain/4")


def test_neither_the_order_nor_the_way_there_counts():
    entries = [entry(n) for n in range(50)]
    whole = Contents.of(entries)
    random.Random(1).shuffle(entries)
    chained = Contents()
    for one in [*entries, entry(99), entry(3, "old")]:
        chained = Contents(chained.state)
        chained.add(one)
    for one in (entry(3, "old"), entry(99)):
        chained.remove(one)
    assert chained.state == whole.state
    assert len(whole.state) == SIZE


def test_each_field_counts_and_so_does_how_often():
    states = {Contents.of(its).state for its in (
        [], [entry(1)], [entry(1), entry(1)], [entry(1), entry(2)], [entry(1, "x")],
        [SeedEntry("a1", "1.txt", "2", "0", "plain/4")], [SeedEntry("a1", "1.txt", "1", "0", "plain/5")],
        [SeedEntry("a11", ".txt", "1", "0", "plain/4")], [SeedEntry("a1", "2.txt", "1", "0", "plain/4")],
    )}  # fmt: skip
    assert len(states) == 9


def test_what_is_no_state_is_refused():
    with pytest.raises(ValueError, match="2048 bytes"):
        Contents(b"\0" * 100)
