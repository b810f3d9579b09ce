"""Writes the checksums of the models that ship: `sha256` of `rag/extract/models/reader.json`, compared at load.

    python -m training.seal [FOLDER]

Whatever writes a file of the models ends with this (`training.reader.ship`, `training.fit_support`,
`training.fit_known`); by hand it is needed only after a file was put there by hand.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from rag.extract import MODELS
from rag.extract.checksums import DESCRIPTION, named


def seal(models: Path) -> None:
    """Writes the checksums of the files of a folder of models that are there."""
    file = models / DESCRIPTION
    described = json.loads(file.read_text(encoding="utf-8"))
    there = [name for name in named(described) if (models / name).is_file()]
    described["sha256"] = {name: hashlib.sha256((models / name).read_bytes()).hexdigest() for name in there}
    file.write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Writes them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=MODELS)
    seal(parser.parse_args().folder)


if __name__ == "__main__":
    main()
