"""Trains a reader, or goes on where a run was stopped.

    python -m training.reader.train --data FOLDER --run FOLDER [--base all-MiniLM-L6-v2] [--tokens 9e6] [--seed 0]

`--data` holds the folders `reading`, `clapnq` and `news`. `--run` gets `config.json`, `log.jsonl`, every
`--checkpoint-minutes` a checkpoint and an `export-STEP/`, and at the end `export/`. The same command again goes on from
the last checkpoint, with the same batches and random numbers as if it had not been stopped; SIGTERM and SIGINT stop it
after the step, with a checkpoint. Progress is counted in tokens, padding included; the learning rate rises over the
first 6% of them and falls in a line to zero. `--tokens` may be changed when going on.
"""

from __future__ import annotations

import argparse
import signal
import time
from dataclasses import asdict
from pathlib import Path

import torch
from rich.progress import Progress

from training.reader.data import SOURCES, training_records
from training.reader.epoch import NEGATIVES
from training.reader.mined import read_mined
from training.reader.pool import Pool
from training.reader.run import Config, Run, stream

_LOGGED = 20  # steps a line of the log


class Stop:
    """True once the process was asked to end."""

    def __init__(self) -> None:
        self._asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self._asked = True

    def __bool__(self) -> bool:
        return self._asked


def train(run: Run, pool: Pool, minutes: tuple[float, float], develop: int) -> bool:
    """Trains to the end, or until asked to stop; `minutes` between checkpoints and between scores on `develop` rows."""
    stop = Stop()
    position, config = run.position, run.config
    saved = scored = logged = time.monotonic()
    before, seconds = position.tokens, position.seconds
    began, sums, steps = saved, dict[str, float](), 0
    with Progress() as progress:
        task = progress.add_task("tokens", total=config.tokens, completed=position.tokens)
        for batch in stream(pool, run.inputs, config, position):
            for name, value in run.step(batch).items():
                sums[name] = sums.get(name, 0.0) + value
            steps += 1
            progress.update(task, completed=position.tokens)
            now = time.monotonic()
            position.seconds = seconds + now - began
            done = position.tokens >= config.tokens
            last = done or bool(stop)  # asked for once: a signal while it saves or scores is for the step after
            if position.step % _LOGGED == 0:
                rate = (position.tokens - before) / (now - logged)
                left = (config.tokens - position.tokens) / rate / 60
                means = {name: value / steps for name, value in sums.items()}
                run.log(**asdict(position), tokens_a_second=round(rate), minutes_left=round(left, 1), **means)
                before, logged, sums, steps = position.tokens, now, {}, 0
            if last or now - saved > 60 * minutes[0]:
                run.save()
                saved = time.monotonic()
            if done or now - scored > 60 * minutes[1]:
                run.log(step=position.step, tokens=position.tokens, scored=run.score(None if done else develop))
                # The rate of the log is that of training alone.
                logged += time.monotonic() - max(now, saved)
                scored = time.monotonic()
            if last:
                return done
    raise AssertionError("the stream has no end")


def main() -> None:
    """Reads the options, trains, exports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--checkpoint-minutes", type=float, default=8)
    parser.add_argument("--score-minutes", type=float, default=15)
    parser.add_argument("--develop-rows", type=int, default=300)
    for name, value in asdict(Config()).items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            parser.add_argument(flag, action="store_true")
        else:
            parser.add_argument(flag, type=_whole if isinstance(value, int) else type(value), default=value)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    config = Config(**{name: getattr(options, name) for name in asdict(Config())})
    if config.left_out - {"pair", *NEGATIVES, *SOURCES}:
        parser.error(f"--without is some of {','.join((*NEGATIVES, *SOURCES))},pair")
    run = Run(config, options.run, options.data)
    mined = read_mined(Path(config.mined)) if config.mined else {}
    pool = Pool.of(training_records(options.data, [name for name in SOURCES if name not in config.left_out]), mined)
    run.log(started=asdict(config), position=asdict(run.position))
    minutes = options.checkpoint_minutes, options.score_minutes
    if run.position.tokens < config.tokens and not train(run, pool, minutes, options.develop_rows):
        run.log(stopped=asdict(run.position))
        return
    run.export("export")


def _whole(text: str) -> int:
    return int(float(text))


if __name__ == "__main__":
    main()
