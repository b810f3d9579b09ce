"""`python -m eval`: measures how right, how grounded and how well-refusing the answers are.

    python -m eval                            every set that is there, every system: tables, JSON and an HTML page
    python -m eval compare A.json B.json      paired differences of two results
    python -m eval gate [--record]            whether the program is worse than the baseline, the last or the best

Sets other than the seed questions are read from the folder given by --data, or by the variable EVAL_DATA, or from
`../shared/data` beside the checkout; those that are not there are skipped with a message.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from eval import bench, compare, datasets, gate, report
from eval.reading import remember
from rag.types.errors import RagError
from rag.types.settings import load_settings


def main(arguments: list[str] | None = None) -> int:
    """0 done, 1 a violation of grounding or a failed gate, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m eval", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command")
    # Suppressed, the gate's defaults do not undo what stands before it.
    for command, default in ((parser, None), (commands.add_parser("gate"), argparse.SUPPRESS)):
        command.add_argument("--data", type=Path, default=default, help="folder of the data sets")
        command.add_argument("--sets", default=default, help=f"some of {','.join(datasets.ADAPTERS)}")
    parser.add_argument("--sample", type=int, default=0, help="questions of each part at most; 0: all")
    parser.add_argument("--out", type=Path, default=bench.RESULTS)
    commands.choices["gate"].add_argument("--record", action="store_true", help="write the baseline")
    commands.choices["gate"].add_argument("--reason", default="", help="why a loss is taken, kept in the baseline")
    comparing = commands.add_parser("compare")
    comparing.add_argument("a", type=Path)
    comparing.add_argument("b", type=Path)
    comparing.add_argument("--part", default="test", choices=bench.REPORTED)
    given = parser.parse_args(arguments)
    try:
        if given.command == "compare":
            return _compare(given)
        options = options_of(given)
        if given.command == "gate":
            if given.reason and not given.record:
                raise ValueError("--reason goes with --record")
            return gate.run(options, load_settings(), recording=given.record, reason=given.reason)
    except (OSError, ValueError, RagError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    result = bench.Bench(options, load_settings()).run()
    file = bench.save(result, options.out)
    report.terminal(result)
    print(f"{file}\n{report.write(result, options.out)}")
    return 1 if any(found.get("grounding", {}).get("violations") for found in result["sets"].values()) else 0


def options_of(given: argparse.Namespace) -> bench.Options:
    names = gate.SETS if given.command == "gate" else tuple(datasets.ADAPTERS)
    if given.sets:
        chosen = set(given.sets.split(","))
        unknown = sorted(chosen - set(datasets.ADAPTERS))
        if unknown:
            raise ValueError(f"there is no set '{unknown[0]}'; the sets are {', '.join(datasets.ADAPTERS)}")
        names = tuple(name for name in datasets.ADAPTERS if name in chosen)
    return bench.Options(datasets.folder(given.data), names, given.sample, out=given.out)


def _compare(given: argparse.Namespace) -> int:
    a, b = (json.loads(file.read_text(encoding="utf-8")) for file in (given.a, given.b))
    for found in compare.results(a, b, given.part):
        print(found)
    return 0


if __name__ == "__main__":
    remember()
    sys.exit(main())
