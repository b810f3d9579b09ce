"""Builds by Ray: several real raylets on this machine, workers and machines that are lost, addresses that are none."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

from rag import build, embed, load
from rag.build import cluster, pool, processors, spool, sync_index, worker
from rag.build.workers import processor
from rag.cli.report import report_lines
from rag.store import at, unfinished
from rag.types.errors import ClusterError
from rag.types.settings import Settings
from rag.verify.check import check
from tests.conftest import ARTICLE, ROOT, SEEDS, WordEncoder

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed; pip install 'article-rag[ray]'"
)
ignored = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
pytestmark = [ignored]


class WordWorker(worker.Worker):
    """A worker with the encoder that needs no weights. Some passages do to it what they say."""

    def ready(self):
        return worker.equipment(embed.EncoderSource("none", Path("none"), "words")), "here", "one kind"

    def embed(self, texts):
        for text in texts:
            if "ends a worker" in text:
                os.kill(os.getpid(), signal.SIGKILL)
            if "ends one worker" in text and not Path(text.split()[-1]).exists():
                Path(text.split()[-1]).touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return WordEncoder().encode(texts)


class SlowHand(WordWorker):
    """It takes its time over a slice."""

    def embed(self, texts):
        time.sleep(0.3)
        return super().embed(texts)


@pytest.fixture(scope="module")
def raylets():
    """Three machines of one processor each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        yield from _raylets()


def _raylets():
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    for _ in range(2):
        made.add_node(num_cpus=1)
    yield made
    made.shutdown()


@pytest.fixture
def seen(monkeypatch):
    """What went to Ray: the pool, the work by method, losses, and the most shards that were on their way."""

    found = SimpleNamespace(pool=None, work=Counter(), shards=Counter(), losses=0, most=0)
    send, lose = pool.WorkerPool._send, pool.WorkerPool._lose

    def sending(self, shard):
        found.pool = self
        if shard.result is None:
            found.work[shard.method] += len(shard.work)
            found.shards[shard.method] += 1
        send(self, shard)
        found.most = max(found.most, len(self._under_way) + 1)

    def losing(self, *args):
        found.losses += 1
        lose(self, *args)

    monkeypatch.setattr(pool.WorkerPool, "_send", sending)
    monkeypatch.setattr(pool.WorkerPool, "_lose", losing)
    return found


@pytest.fixture
def words(word_encoder, monkeypatch):
    """Workers and builds without weights, two passages at a time."""
    monkeypatch.setattr(cluster, "Worker", WordWorker)
    monkeypatch.setattr(embed, "resolve", lambda name: embed.EncoderSource(name, Path("none"), "words"))
    monkeypatch.setattr(embed, "SLICE", 2)


def articles(folder, many=30):
    folder.mkdir(exist_ok=True)
    for n in range(many):
        (folder / f"{n:02}.txt").write_text(f"Title {n}\n\nThe owl crossed river {n}. It was {n} days old.\n")
    return folder


def held(index):
    """The name, and every article with its passages and the bytes of its vectors."""
    reader = at(index, Settings()).open()
    stored = [(one.info, one.text, one.chunks, one.vectors.tobytes()) for one in reader.stored()]
    return reader.generation, stored, reader.files()


def alike(one, other):
    """What two builds said, without what their caches knew."""
    names = "plan", "generation", "articles", "chunks", "embedded", "boilerplate", "skipped", "unreadable", "noted"
    return [getattr(one, name) for name in names] == [getattr(other, name) for name in names]


@needs_ray
@pytest.mark.model
def test_names_passages_and_vectors_are_those_of_a_build_here_to_the_last_bit(raylets, tmp_path):
    seeds = articles(tmp_path / "seeds", many=5)
    (seeds / ARTICLE).write_bytes((SEEDS / ARTICLE).read_bytes())
    (seeds / "page.html").write_text("<html><body><p>The heron came back in March.</p></body></html>")
    (seeds / "broken.pdf").write_bytes(b"%PDF-1.4 none")
    lines = [f'{{"id": "r{n}", "text": "The otter of {n} slept.", "date": "soon"}}' for n in range(70)]
    (seeds / "many.jsonl").write_text("\n".join([*lines, "no record", '{"id": "r3", "text": "Twice."}']))
    here = sync_index(seeds, tmp_path / "here", Settings())
    there = sync_index(seeds, tmp_path / "there", Settings(), ray=raylets.address)
    assert held(tmp_path / "there") == held(tmp_path / "here")
    assert alike(here, there)
    assert len(there.unreadable) == 3
    assert check(seeds, tmp_path / "there", Settings())[0].startswith("broken.pdf cannot be read")


@needs_ray
def test_a_machine_that_is_lost_costs_what_it_was_at(raylets, words, seen, tmp_path, monkeypatch):
    """A raylet is killed while each of four workers has work."""
    seeds = articles(tmp_path / "seeds", many=60)
    wanted = sync_index(seeds, tmp_path / "here", Settings())
    monkeypatch.setattr(cluster, "Worker", SlowHand)
    for attempt in range(3):  # on a busy machine its work may be done already when it is killed
        extra, index, lost = raylets.add_node(num_cpus=1), tmp_path / f"there{attempt}", []

        def progress(stage, done, _total, extra=extra, lost=lost):
            if stage == "indexing articles" and 0 < done < 30 and not lost and len(seen.pool._workers) >= 4:
                lost.append(done)
                raylets.remove_node(extra, allow_graceful=False)

        report = sync_index(seeds, index, Settings(), ray=raylets.address, progress=progress)
        assert alike(report, wanted)
        assert held(index) == held(tmp_path / "here")
        assert seen.most <= 2 * seen.pool._most + 1
        if lost and seen.losses:
            break
        if not lost:
            raylets.remove_node(extra)
    assert seen.losses >= 1


@needs_ray
def test_a_worker_that_is_killed_costs_what_it_was_at(raylets, words, seen, tmp_path):
    seeds = articles(tmp_path / "seeds")
    (seeds / "bad.txt").write_text(f"Bad\n\nThis ends one worker: {tmp_path / 'flag'}\n")
    (tmp_path / "flag").touch()
    sync_index(seeds, tmp_path / "here", Settings())
    (tmp_path / "flag").unlink()
    sync_index(seeds, tmp_path / "there", Settings(), ray=raylets.address)
    assert (tmp_path / "flag").exists()
    assert seen.losses == 1
    assert held(tmp_path / "there") == held(tmp_path / "here")


@needs_ray
def test_work_that_ends_every_worker_is_named_and_the_old_generation_answers(raylets, words, seen, tmp_path, rag):
    seeds, index = articles(tmp_path / "seeds"), tmp_path / "index"
    before = sync_index(seeds, index, Settings()).generation
    articles(seeds, many=40)
    (seeds / "bad.txt").write_text("Bad\n\nThis ends a worker.\n")
    code, _, err = rag("build", "--ray", raylets.address, "--seeds", seeds, "--index", index)
    assert code == 2
    assert "3 workers of Ray ended at the same work" in " ".join(err.split())
    assert "'This ends a worker.'" in " ".join(err.split())
    assert 3 <= seen.losses <= 5
    assert at(index, Settings()).open().generation == before
    # What came back before that is kept, as by a build here.
    assert any(unfinished.is_kept(path) for path in index.iterdir())
    (seeds / "bad.txt").unlink()
    report = sync_index(seeds, index, Settings())
    assert report.resumed > 0
    assert report.resumed + report.embedded == 10


@needs_ray
def test_few_shards_are_on_their_way_and_only_what_changed_is_sent(raylets, words, seen, tmp_path):
    seeds, index = articles(tmp_path / "seeds", many=60), tmp_path / "index"
    sync_index(seeds, index, Settings(), ray=raylets.address)
    assert (seen.work["read"], seen.work["split"], seen.work["embed"], seen.shards["embed"]) == (60, 60, 60, 30)
    assert seen.pool._most in (12, 16)  # a machine that another test has lost may still be counted
    assert 6 < seen.most <= 2 * seen.pool._most + 1
    assert seen.pool._under_way == []
    seen.work.clear()
    (seeds / "03.txt").write_text("Title\n\nThe heron came back.\n")
    sync_index(seeds, index, Settings(), ray=raylets.address)
    assert (seen.work["read"], seen.work["split"], seen.work["embed"]) == (1, 1, 1)
    sync_index(seeds, tmp_path / "other", Settings(), full=True)
    assert held(index) == held(tmp_path / "other")


@needs_ray
def test_nothing_is_started_where_nothing_changed(words, tmp_path):
    seeds = articles(tmp_path / "seeds", many=2)
    sync_index(seeds, tmp_path / "index", Settings())
    assert not sync_index(seeds, tmp_path / "index", Settings(), ray="127.0.0.1:9").changed_anything


@needs_ray
def test_a_machine_with_another_program_is_named(raylets, words, tmp_path, monkeypatch):
    class Other(WordWorker):
        def ready(self):
            equipment, *rest = WordWorker.ready(self)
            return equipment | {"the splitter": "split/1"}, *rest

    monkeypatch.setattr(cluster, "Worker", Other)
    with pytest.raises(ClusterError, match=r"the splitter is 'split/1' there and 'split/\d.*' here; install the same"):
        sync_index(articles(tmp_path / "seeds"), tmp_path / "index", Settings(), ray=raylets.address)


@needs_ray
def test_a_worker_without_the_model_is_named(raylets, tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    (model / "modules.json").write_text("[]")
    seeds, index = articles(tmp_path / "seeds"), tmp_path / "index"
    plan = build.recipe(Settings(encoder=str(model)), source := embed.resolve(str(model)))
    away = cluster.RayWorkers(raylets.address, plan, source)
    (model / "modules.json").unlink()
    try:
        with pytest.raises(ClusterError, match=r"a worker of Ray cannot work: .* holds no sentence-transformers model"):
            list(away.read(load.Reading(seeds, "00.txt", {}, noting=False).records()))
    finally:
        away.close()
    assert not index.exists()


@needs_ray
def test_several_kinds_of_processor_are_noted_beside_the_generation(raylets, words, tmp_path, monkeypatch):
    class Mixed(SlowHand):
        def ready(self):
            return *WordWorker.ready(self)[:2], f"kind {os.getpid()}"

    monkeypatch.setattr(cluster, "Worker", Mixed)
    seeds, index = articles(tmp_path / "seeds", many=60), tmp_path / "index"
    report = sync_index(seeds, index, Settings(), ray=raylets.address)
    assert 2 <= len(report.processors) <= 3
    assert processors.recorded(index) == {report.generation: list(report.processors)}
    assert any("several kinds of processor" in line for line in report_lines(report, dry_run=False))
    assert check(seeds, index, Settings()) == []
    # Its vectors stay in a build here, which adds this machine's; a full one has but those.
    (seeds / "03.txt").write_text("Title\n\nThe heron came back.\n")
    after = sync_index(seeds, index, Settings())
    assert set(after.processors) == {*report.processors, processor()}
    assert sync_index(seeds, index, Settings(), full=True).processors == ()
    assert list(processors.recorded(index)) == [report.generation]


@needs_ray
def test_a_machine_without_the_program_is_named(raylets, words, tmp_path, monkeypatch):
    class Without(WordWorker):
        def __init__(self, *given):
            importlib.import_module("no_such_program")

    monkeypatch.setattr(cluster, "Worker", Without)
    with pytest.raises(
        ClusterError, match=r"3 workers of Ray ended while they started; .*No module named 'no_such_pro"
    ):
        sync_index(articles(tmp_path / "seeds"), tmp_path / "index", Settings(), ray=raylets.address)


@needs_ray
def test_another_version_of_ray_is_named(raylets, words, tmp_path, monkeypatch):
    import ray

    monkeypatch.setattr(ray, "__version__", "1.0.0")
    with pytest.raises(ClusterError, match=rf"--ray {raylets.address}: .*[Vv]ersion mismatch.*1\.0\.0"):
        sync_index(articles(tmp_path / "seeds"), tmp_path / "index", Settings(), ray=raylets.address)


@needs_ray
@pytest.mark.parametrize(
    ("address", "said"),
    [("127.0.0.1:{port}", "nothing answers there"), ("ray://host", "HOST:PORT"), ("host", "HOST:PORT")],
)
def test_an_address_where_nothing_answers_is_named(words, tmp_path, rag, address, said):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = address.format(port=free.getsockname()[1])
    begun = time.monotonic()
    code, _, err = rag("build", "--ray", address, "--seeds", articles(tmp_path / "seeds"))
    assert (code, f"--ray {address}" in err, said in " ".join(err.split())) == (2, True, True)
    assert time.monotonic() - begun < 30


@needs_ray
@pytest.mark.parametrize(
    ("answer", "said"), [(b"HTTP/1.1 400 Bad Request\r\n\r\n", "is no Ray"), (b"", "nothing answers")]
)
def test_what_answers_and_is_no_ray_is_named(words, tmp_path, rag, answer, said):
    """A web server, and something that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def serve():
            held.append(server.accept()[0])
            if answer:
                held[0].sendall(answer)

        Thread(target=serve, daemon=True).start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        code, _, err = rag("build", "--ray", address, "--seeds", articles(tmp_path / "seeds"))
        held[0].close()
    assert (code, f"--ray {address}" in err, said in " ".join(err.split())) == (2, True, True)


def test_without_ray_it_says_how_to_install_it(word_encoder, tmp_path, rag, monkeypatch):
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda _name: None)
    code, _, err = rag("build", "--ray", "--seeds", articles(tmp_path / "seeds"))
    assert (code, "pip install 'article-rag[ray]'" in " ".join(err.split())) == (2, True)


def test_articles_wait_on_the_disk_for_their_turn(tmp_path, monkeypatch):
    """In the order in which they came, but for those that are left out; no file is left."""
    monkeypatch.setattr(spool, "_IN_MEMORY", 100)
    seeds = articles(tmp_path / "seeds", many=5)
    read = [load.load(seeds, f"{n:02}.txt").articles[0] for n in range(5)]
    waiting = spool.Spool(tmp_path)
    for number, article in enumerate(read):
        waiting.add(article, number)
    waiting.leave_out({1, 4})
    assert list(waiting) == list(waiting) == [read[0], read[2], read[3]]
    assert (len(waiting), waiting.boilerplate) == (3, 5)
    assert [entry.article_id for entry in waiting.entries] == ["00.txt", "02.txt", "03.txt"]
    assert os.listdir(tmp_path) == ["seeds"]  # noqa: PTH208 - names alone
    waiting.close()


def test_an_address_goes_with_ray(tmp_path, rag):
    code, _, err = rag("build", "host:1", "--seeds", articles(tmp_path / "seeds"))
    assert (code, "--ray" in err) == (2, True)


def test_ray_is_imported_only_where_it_is_asked_for(tmp_path):
    seeds, index = articles(tmp_path / "seeds", many=1), tmp_path / "index"
    code = (
        "import sys; from pathlib import Path; from rag.build import sync_index\n"
        "from rag.types.settings import Settings\n"
        "import rag.cli, rag.serve, rag.library, rag.build.cluster, rag.build.worker\n"
        f"sync_index(Path({str(seeds)!r}), Path({str(index)!r}), Settings(), dry_run=True)\n"
        "print('ray' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


STARTED = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from rag import cli, embed
from rag.build import cluster
from tests.test_ray import SlowHand
cluster.Worker = SlowHand
embed.resolve = lambda name: embed.EncoderSource(name, Path("none"), "words")
embed.SLICE = 1
import rag.cli.report
def said(stage, done, total):
    if stage == "indexing articles" and done: print("at work", flush=True)
import contextlib
rag.cli.report.bars = lambda: contextlib.nullcontext(said)
sys.argv = ["rag", "build", "--ray", "--seeds", {seeds!r}, "--index", {index!r}]
cli.main()
"""


def marked(mark):
    """The processes that were started with a mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (
                mark.encode() in (folder / "environ").read_bytes()
                and "Z" not in (folder / "stat").read_text().split()[2]
            ):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@needs_ray
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_what_was_started_here_ends_with_the_build(tmp_path, by):
    """However it ends. What it had embedded is kept."""
    seeds, index, mark = articles(tmp_path / "seeds", many=200), tmp_path / "index", f"MARK={tmp_path}"
    code = STARTED.format(root=str(ROOT), seeds=str(seeds), index=str(index))
    environment = {**os.environ, "MARK": str(tmp_path), "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=-1, stderr=-1, text=True)
    assert child.stdout.readline() == "at work\n", child.communicate()[1]
    assert len(marked(mark)) > 3
    child.send_signal(by)
    said = child.communicate(timeout=60)
    assert child.returncode == (130 if by == signal.SIGINT else -by), said
    until = time.monotonic() + 120  # agents of Ray look for their parent now and then
    while marked(mark) and time.monotonic() < until:
        time.sleep(0.2)
    assert marked(mark) == []
    assert any(unfinished.is_kept(path) for path in index.iterdir())
