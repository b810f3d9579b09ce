"""Questions with slips of the hand."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import embed, extract
from rag.answer.opening import open_assistant
from rag.answer.reader import Reader
from rag.build import sync_index
from rag.language.words import WORD, bare
from rag.store import layout, manifest
from rag.store.reader import open_current
from rag.types.errors import IndexUnusable
from rag.types.settings import Settings
from rag.understand import RuleUnderstander
from rag.understand.spelling import KnownWords, PassageWords, mended

ARTICLE = """The Prime Minister of Japan, Ishiba, met Xi Jinping in Busan. Its powerful radar was deployed in 2016.

The origins of kimchi set neighbours at odds; officials in Japan said so. Hanson was absent, and Pacquiao too. They ate
one macaron each."""


@pytest.fixture(scope="module")
def english():
    return KnownWords.of(embed.packaged(extract.BASE))


@pytest.fixture
def built(tmp_path):
    """A folder of seeds with the article, and its index."""
    seeds, index = tmp_path / "seeds", tmp_path / "index"
    seeds.mkdir()
    (seeds / "a.txt").write_text(f"Talks in Busan\n\n{ARTICLE}\n")
    sync_index(seeds, index, Settings())
    return seeds, index


@pytest.mark.parametrize(
    ("asked", "searched"),
    [
        ("Who is the Prime Minster of Japn?", "Who is the Prime Minister of Japan?"),
        ("who is the prime minster of japn?", "who is the prime Minister of Japan?"),
        ("wich radar was deployd?", "which radar was deployed?"),
        ("Whcih radar?", "Which radar?"),
        ("WHO MET XI JINGPING?", "WHO MET XI JINPING?"),
        ("What was Pacquiai's view?", "What was Pacquiao's view?"),
        ("the orgins of Kimci", "the origins of Kimchi"),
        ("a powerfull Busan-Jappan tie", "a powerful Busan-Japan tie"),
    ],
)
def test_one_slip_is_mended(asked, searched, english):
    assert mended(asked, PassageWords(ARTICLE), english) == searched


@pytest.mark.parametrize(
    "asked",
    [
        "Who is Ishida?",  # as likely another name as a slip
        "Who was Hansen?",
        "What did Macron eat?",  # not the macarons of the article
        "Was it Raqdar or Ono?",  # a name is no common word, nor is a short word one with another letter
        "who is bosan or radur",
        "dont you know whos there?",
        "Did Iran take part?",  # common, if not in the article
        'Who is the "Prime Minster" of “Japn”?',
        "What about subdued neighbors and a rare confectioner?",  # forms and rare words of English
        "Was 2061 or B16 or U.N.S or x_japn meant?",
        "Wer ist oder war Kanzler von Bayern",  # oder is not order
        "What's Xi's view, don't you know?",
        "Что сказал Цзиньпин?",
        f"Who is {'minister' * 6}r?",  # far too long for a word that somebody mistyped
        "",
    ],
)
def test_what_is_no_slip_is_left(asked, english):
    assert mended(asked, PassageWords(ARTICLE), english) == asked


@given(text=st.text(alphabet="abeijnpx \"'-.?É日", max_size=30))
def test_only_words_change(english, text):
    class Everything:
        """Holds no word as it is asked, and every one that could be meant."""

        def occurs(self, term: str) -> bool:
            return False

        def writings(self, words: Collection[str]) -> Mapping[str, tuple[str, int]]:
            return {word: (word, 1) for word in words}

    found = mended(text, Everything(), english)
    assert WORD.sub("", found) == WORD.sub("", text)
    assert len(WORD.findall(found)) == len(WORD.findall(text))


def test_a_word_is_written_as_it_mostly_is():
    held = PassageWords("Turkey, turkey, TURKEY and Turkey; Türkiye")
    assert held.writings({"turkey", "turkiye", "greece"}) == {"turkey": ("Turkey", 4), "turkiye": ("Türkiye", 1)}
    assert held.occurs("turkeys")
    assert not held.occurs("Greece")


@pytest.mark.model
def test_what_was_searched_is_in_the_reply(built):
    assistant = open_assistant(built[1], Settings())
    reply, right = assistant.ask("Where did Xi Jingping meet him?"), assistant.ask("Where did Xi Jinping meet him?")
    assert (reply.question, reply.standalone_question) == ("Where did Xi Jingping meet him?", right.question)
    assert (reply.citations, reply.confidence) == (right.citations, right.confidence)
    assert reply.unmatched_terms == right.unmatched_terms
    hits = assistant.search("Where did Xi Jinping meet him?", 5)
    assert assistant.answer("Where did Xi Jingping meet him?", hits).confidence == right.confidence
    assert assistant.search("Where did Xi Jingping meet him?", 5) == hits
    # Typed as it is meant to be, it is named in the refusal.
    assert "Jingping" in assistant.ask('Where did Xi "Jingping" meet him?').unmatched_terms


@pytest.mark.model
def test_a_question_that_mending_makes_too_long_is_asked_as_typed(built):
    question = "Who is the Prime Minster of Japn?"
    short = Settings(max_question_chars=len(question))
    assert open_assistant(built[1], short).ask(question).standalone_question == question
    mended, typed = (Reader.load(settings).read(question, ARTICLE) for settings in (Settings(), short))
    unmended = RuleUnderstander(lambda text, _: text, 1000)
    assert typed == Reader.load(Settings(), understander=unmended).read(question, ARTICLE) != mended


@pytest.mark.model
def test_the_reader_reads_the_mended_question():
    reader = Reader.load(Settings())
    typed, right = (reader.read(q, ARTICLE) for q in ("Where is Xi Jingping?", "Where is Xi Jinping?"))
    assert typed == right


@pytest.mark.model
def test_words_are_counted_alike_by_a_full_build_and_by_changes(tmp_path):
    seeds, changed, full = (tmp_path / name for name in ("seeds", "changed", "full"))
    seeds.mkdir()
    for name, text in (("a", ARTICLE), ("b", "Going\n\nJapan, Japan and the zebra's gone.\n"), ("c", "A third one.")):
        (seeds / f"{name}.txt").write_text(f"Title {name}\n\n{text}\n")
    sync_index(seeds, changed, Settings())
    assert open_current(changed).writings({"zebra", "japan"}) == {"zebra": ("zebra", 1), "japan": ("Japan", 4)}
    (seeds / "b.txt").unlink()
    (seeds / "c.txt").write_text("Title c\n\nAnother text, of JAPAN.\n")
    sync_index(seeds, changed, Settings())
    sync_index(seeds, full, Settings())
    words = {bare(word) for word in WORD.findall(f"{ARTICLE} zebra third another title text")}
    found = open_current(changed).writings(words)
    assert found == open_current(full).writings(words)
    assert "zebra" not in found
    assert found["japan"] == ("Japan", 3)


@pytest.mark.model
def test_an_index_of_another_version_is_built_anew(built):
    seeds, index = built
    folder = layout.folder(index, layout.pointed(index))
    written = manifest.read(folder)
    manifest.write(folder, replace(written, recipe=replace(written.recipe, format=manifest.FORMAT - 1)))
    with pytest.raises(IndexUnusable, match="written by another version of this program; run `rag build`"):
        open_current(index)
    report = sync_index(seeds, index, Settings())
    assert report.changed_anything
    assert open_current(index).generation == report.generation
