"""All that a pass is drawn from: the records of all sources, and what unanswerable questions are made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.reader.data import ReadingRecord
from training.reader.mined import Key, Mistaken
from training.reader.negatives import Neighbours, twins
from training.reader.substitutes import Substitutes

# The one way in which a made question of these sources comes about; similar passages would often answer.
ONLY: Mapping[str, str] = {"qasrl_wikinews": "unrelated", "policyqa": "removed"}


@dataclass(frozen=True)
class Pool:
    """All records that may be trained on, with what made negatives need."""

    twins: Sequence[tuple[ReadingRecord, Sequence[ReadingRecord]]]
    alone: Sequence[ReadingRecord]  # written to be unanswerable, on passages without an answerable question
    answerable: Sequence[ReadingRecord]  # without a written twin
    sources: Mapping[str, Sequence[ReadingRecord]]
    neighbours: Mapping[str, Neighbours]
    substitutes: Substitutes
    mined: Mapping[Key, Sequence[Mistaken]]

    @classmethod
    def of(cls, sources: Mapping[str, Sequence[ReadingRecord]], mined: Mapping[Key, Sequence[Mistaken]]) -> Pool:
        """Finds twins and neighbours."""
        paired, alone = twins(record for source in sources.values() for record in source)
        taken = {(record.source, record.id) for record, _ in paired}
        answerable = [
            record
            for source in sources.values()
            for record in source
            if record.answers and (record.source, record.id) not in taken
        ]
        return cls(
            paired,
            alone,
            answerable,
            sources,
            {name: Neighbours(source) for name, source in sources.items() if source and name not in ONLY},
            Substitutes.of(paired, {record.context for source in sources.values() for record in source}),
            mined,
        )
