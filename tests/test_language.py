"""A language is a pack: a second one is a folder, and nothing of the first is left in the house."""

import ast
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from rag import language
from rag.answer.fingerprint import PACKAGE, code, files
from rag.answer.opening import open_assistant
from rag.answer.wire import to_json
from rag.build import recipe, sync_index
from rag.calibrate.judge import agrees, squad_words
from rag.embed import EncoderSource
from rag.extract.abbreviations import also_held
from rag.extract.expected import holds_expected
from rag.extract.opinion import asks_judgement
from rag.language import english
from rag.language.listing import items
from rag.language.sentences import sentence_pieces
from rag.language.words import dated, forms, stem, stems, terms
from rag.load import apart
from rag.load.limits import LIMITS
from rag.retrieve import searched
from rag.split.boilerplate import is_boilerplate
from rag.store import manifest
from rag.types import ASIDES, Kind, Query, SeedEntry, Support, Turn
from rag.types.contents import Contents
from rag.types.errors import IndexUnusable, SeedError, SettingsError
from rag.types.settings import Settings, load_settings
from rag.types.stores import generation_name
from rag.verify import verify
from rag.verify.check import check
from tests.conftest import ROOT

# An invented language: nouns of many end in -ol, a sentence ends with a semicolon, "the" is a sort of boat in it.
PACK = """
import re

from rag.types import Form
from rag.types.quotes import Said

STOPWORDS = frozenset("zu va ku na".split())
NAMES = frozenset({"VA"})
ARTICLES = frozenset({"zu"})
FORMS = dict.fromkeys(("holen", "holat"), ("holen", "holat"))
MONTHS = tuple("Uno Duo Drumo Karo Penko Sexto Septo Okto Nono Deko Elfo Zwolfo".split())
SHORT_MONTHS = {"dr": "Drumo"}
YEAR_NOUNS = frozenset({"anuk"})
ASKING_VERBS = frozenset({"skriva"})
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
NEGATIONS = frozenset({"nek"})
FIXED = frozenset({"nek", "drumo"})
FILLERS = frozenset({"zu"})
OPENERS = frozenset({"ku"})
TOKENIZER = "unicode61"
SPLITTER = "toy-1"
OPENING = "hebt an"
PATTERNS = {
    "name": r"\\bM[a-z]+", "date": r"\\bDrumo\\b", "number": r"\\b(?:du|tri)\\b", "year": r"\\banuk\\ \\d+",
    "name_run": r"[A-Z]\\w+(?:\\s+(?:va\\s+)?[A-Z]\\w+)+", "initials": r"[A-Z]{4}",
    "judgement": r"^Bonu\\b", "of_publisher": r"\\bgazet\\b", "compared_word": r"\\w+", "denial": r"\\bnek\\b",
    "date_line": r"(?P<d1>\\d+)\\.\\ (?P<m1>[A-Z]\\w+)\\ (?P<year>\\d{4})(?P<m2>)(?P<d2>)",
    "boilerplate": r"\\bklik\\b", "told": r"Nek\\b",
    "joint": r"\\s+(?P<word>oz)\\s+(?P<words>)", "no_joint": r"zwi\\ oz\\ ", "before_item": r"Ku\\s+",
    "no_item": r"zu\\b",
}


def stemmed(word):
    return word.removesuffix("ol")


def without_possessive(word):
    return word.removesuffix("-zi")


def sentence_spans(text):
    return [match.span() for match in re.finditer(r"[^;]+;?\\s*", text)]


def month_number(written):
    return MONTHS.index(written) + 1


def compared_words(text):
    return ((match[0].casefold(), match[0][0].isupper()) for match in re.finditer(r"\\w+", text))


def in_digits(words):
    return ({"du": "2", "tri": "3"}.get(word, word) for word in words)


def questions(sentence):
    return []


ELISIONS = frozenset()


def said_of(before, after):
    return Said()


def is_title(before, quoted):
    return False


def is_pronoun(speaker):
    return speaker == "lo"


def names_in(speaker):
    return tuple(speaker.casefold().split())


def word_frequencies():
    return {"vatu": 1}


ABOUT = "Ku ba?"
OFFICES, RELATIONS, PLACES = frozenset({"rego"}), frozenset({"fratro"}), frozenset({"urbo"})


def aside(text):
    return "hello" if text == "Hau" else None


def is_courtesy(text):
    return text == "Hau"


def form(text):
    topic = re.fullmatch(r"Dica va (.*)\\.", text)
    return on_topic(topic[1]) if topic else Form(text.removeprefix("Hau! "))


def alone(text):
    return None


def on_topic(topic):
    return Form(f"Dica va {topic}.", topic=topic, read_as=f"Ku {topic}?")


def parts(text):
    return text.split(" ed ")


def depends(text):
    return "lo" in text.split()


def wants_more(text):
    return text == "Plu."


def kind_and_focus(text):
    return ("who" if text.startswith("Ku") else "what"), None


def named(text):
    return None


def time_meant(text, day):
    return None


def days_named(text, day):
    return []


def days_in_words(since, until):
    return f"{since} {until}"


def capitalised(text, vocabulary):
    return text
"""
QUOTES = "{% for c in citations %}\n«{{ c.quote }}» {{ c.number }}, {{ c.title }}\n{% endfor %}"
ANSWERED = "{% if short %}\nKel: {{ short }} {{ first }}\n{% else %}\nGazet kel:\n{% endif %}\n" + QUOTES
REFUSED = (
    "Nek kel.{% if unmatched %} Nek na gazet: {% for term in unmatched %}{{ term }} {% endfor %}{% endif %}\n" + QUOTES
)
ARTICLE = (
    "3. Drumo 2025\n\nPobo zu Nirvo\n\n"
    "Vatu holat mirol na Selka. Dr. Dorin va the U.S. trevo; Selka-zi the nek vidat Vatu;\n\n"
    "Our newsletter: sign up here and subscribe today;\n\nPlis klik oda;\n"
)
OTHER = "Lago zu Perko\n\nPerko drinat vato va sola na lago; Lago zu Perko bona;\n"


class Sharing:
    """An extractor that is sure of the sentences with a content word of the question, and shows their first word."""

    def extract(self, question, hits):
        asked = {stem(term) for term in question.terms}
        found = []
        for hit in hits:
            for sentence in hit.passage.chunk.sentences:
                quote = hit.passage.slice(sentence.start, sentence.end)
                shared = len(asked & stems(quote)) / max(1, len(asked))
                short = (sentence.start, sentence.start + len(quote.split()[0]))
                found.append(Support(hit.passage, sentence, short, short, shared))
        return sorted(found, key=lambda one: -one.confidence)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The language in use; English again afterwards."""
    folder = tmp_path / "packs" / "toy"
    kinds = [kind for kind in get_args(Kind) if isinstance(kind, str)]
    for name in {*kinds, *(each for kind in get_args(Kind) for each in get_args(kind))} - set(ASIDES):
        _write(folder / "templates" / "answered" / f"{name}.j2", ANSWERED)
    for name in ("refused", "unsure", *ASIDES):
        _write(folder / "templates" / "refused" / f"{name}.j2", REFUSED)
    _write(folder / "__init__.py", PACK)
    monkeypatch.setattr(language, "__path__", [*language.__path__, str(folder.parent)])
    yield language.use("toy")
    language.use("english")
    del sys.modules["rag.language.toy"]
    del language.toy


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def toy_index(toy, tmp_path, word_encoder):
    """Two articles of the language, and an index of them."""
    seeds, index = tmp_path / "seeds", tmp_path / "index"
    _write(seeds / "mirol.txt", ARTICLE)
    _write(seeds / "lago.txt", OTHER)
    sync_index(seeds, index, Settings(language="toy"))
    return seeds, index


def asked(index, *questions):
    assistant = open_assistant(index, Settings(language="toy", threshold=0.6), extractor=Sharing())
    return [assistant.ask(question, id=question) for question in questions]


def test_an_article_of_another_language_is_asked_and_verified(toy_index, tmp_path):
    seeds, index = toy_index
    answer, refusal = asked(index, "Ku vidat the Selka?", "Ku vidat Qarnopel va Zu?")
    assert answer.text == "Kel: Selka-zi 1\n«Selka-zi the nek vidat Vatu;» 1, Pobo zu Nirvo"
    assert answer.citations[0].date == "2025-03-03"
    assert (refusal.status, refusal.unmatched_terms) == ("refused", ("Qarnopel",))
    assert refusal.text == (
        "Nek kel. Nek na gazet: Qarnopel «Selka-zi the nek vidat Vatu;» 1, Pobo zu Nirvo\n"
        "«Perko drinat vato va sola na lago;» 2, Lago zu Perko"
    )
    lines = tmp_path / "answers.jsonl"
    lines.write_text("".join(f"{to_json(reply)}\n" for reply in (answer, refusal)))
    verdict = verify(lines, seeds)
    assert (verdict.answers, verdict.findings) == (2, ())
    # With the templates of English the same answers are no answers of this program.
    language.use("english")
    assert {finding.kind for finding in verify(lines, seeds).findings} == {"violation"}


def test_a_message_of_another_language_is_understood_by_its_rules(toy_index):
    assistant = open_assistant(toy_index[1], Settings(language="toy"), extractor=Sharing())
    (query,) = assistant.understand("Hau! Ku vidat lo", [Turn("Dica va Nirvo.", "Selka")]).queries
    assert (query.kind, query.text) == ("who", "Ku vidat lo (Nirvo Selka)?")
    assert query.terms == ("vidat", "lo", "Nirvo", "Selka")
    (query,) = assistant.understand("Plu.", [Turn("Dica va Nirvo.")]).queries
    assert (query.topic, query.read) == ("Nirvo", "Ku Nirvo?")
    _, second = assistant.understand("Ku vidat Selka ed skriva lo").queries
    assert (second.text, second.needs_answer_of) == ("skriva lo (vidat Selka)?", 0)
    assert assistant.ask("Hau").text.startswith("Nek kel.")
    # What asks in English asks nothing here.
    (query,) = assistant.understand("Tell me about THAAD, please", [Turn("Who is he?")]).queries
    assert (query.text, query.topic, query.kind) == ("Tell me about THAAD, please", None, "what")
    assert query.terms[:3] == ("Tell", "me", "about")


def test_the_passages_are_split_and_found_by_the_rules_of_their_language(toy_index):
    assistant = open_assistant(toy_index[1], Settings(language="toy"), extractor=Sharing())
    store = assistant.store
    sentences = [p.slice(s.start, s.end) for p in store.passages(store.leads(100)) for s in p.chunk.sentences]
    assert sentences == [
        "Perko drinat vato va sola na lago;",
        "Lago zu Perko bona;",
        "Vatu holat mirol na Selka. Dr. Dorin va the U.S. trevo;",
        "Selka-zi the nek vidat Vatu;",
        "Our newsletter: sign up here and subscribe today;",
    ]
    assert store.search_lexical(["the"], 5)[0] != []  # no stop word here
    assert store.search_lexical(["subscribes"], 5)[0] == []  # and no word of English that Porter's stemmer would find
    assert store.occurs("Drumo")  # by the date of the article, in words
    assert not store.nowhere("holen")  # an irregular form of what stands there


def test_an_index_of_another_language_is_refused_naming_the_field(toy_index, tmp_path):
    seeds, index = toy_index
    in_toy = manifest.read(next((index / "generations").iterdir()))
    language.use("english")
    with pytest.raises(IndexUnusable, match=r"with other settings \(.*language: toy -> english\); run `rag build`"):
        open_assistant(index, Settings(), extractor=Sharing())
    assert any("language: toy -> english" in line for line in check(seeds, index, Settings()))
    report = sync_index(seeds, index, Settings())
    assert "language: toy -> english" in report.reasons
    assert report.generation != in_toy.name
    open_assistant(index, Settings(), extractor=Sharing())


def test_words_patterns_and_verdicts_are_those_of_the_language_in_use():
    """Nothing is kept from the language that was in use before."""
    said = {}
    for name in ("english", "english again"):
        said[name] = _said()
    assert said["english"] == said["english again"]


def _said():
    who = Query("Who", "who", ())
    return {
        "terms": terms("the zu Vatu of Selka-zi and Kim's"),
        "stem": (stem("mirol"), stem("running"), stem("holat"), stem("held")),
        "forms": (forms("held"), forms("holat")),
        "dated": dated("2025-03-03"),
        "expected": (holds_expected(who, "Obama"), holds_expected(who, "the Mirol")),
        "judgement": (asks_judgement("Should we go?"), asks_judgement("Bonu vatu?")),
        "boilerplate": (is_boilerplate("All rights reserved"), is_boilerplate("Plis klik oda")),
        "sentences": len(sentence_pieces("He left. She stayed; it rained.")),
        "items": len(items("Vatu oz Selka", 0, 13)),
        "agrees": (agrees("two", "2"), agrees("du", "2")),
        "squad": squad_words("the zu a"),
        "searched": searched(["US", "VATU"]),
        "held": (also_held(["Nov"], "Nov", "November"), also_held(["dr"], "dr", "Drumo")),
    }


def test_no_rule_of_english_is_left_in_another_language(request):
    before = _said()
    request.getfixturevalue("toy")
    assert _said() == {
        "terms": ("the", "Vatu", "of", "Selka", "and", "Kim's"),
        "stem": ("mir", "running", "holen", "held"),
        "forms": (("held",), ("holen", "holat")),
        "dated": "2025-03-03 3 Drumo 2025",
        "expected": (False, True),
        "judgement": (False, True),
        "boilerplate": (False, True),
        "sentences": 2,
        "items": 2,
        "agrees": (False, True),
        "squad": ["the", "a"],
        "searched": ["US", "VATU", "V.A.T.U"],
        "held": (set(), {"dr"}),
    }
    language.use("english")
    assert (_said(), before["terms"], before["agrees"]) == (before, ("zu", "Vatu", "Selka-zi", "Kim"), (True, False))


def test_an_unknown_language_is_refused_naming_those_there_are(toy, monkeypatch, tmp_path):
    with pytest.raises(SettingsError, match=r"there is no language 'klingon'; there are: english, toy"):
        language.use("klingon")
    with pytest.raises(SettingsError, match=r"there is no language 'english\.words'"):
        language.use("english.words")
    assert language.name() == "toy"  # as before
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAG_LANGUAGE", "klingon")
    with pytest.raises(SettingsError, match=r"setting 'language': there is no language 'klingon'.*look at rag\.toml"):
        load_settings()


def test_a_pack_that_lacks_something_says_what(toy, tmp_path):
    _write(tmp_path / "packs" / "half" / "__init__.py", "\n".join(PACK.split("\n")[:17]))
    with pytest.raises(
        SettingsError, match=r"the language 'half' lacks .*SPLITTER, .*word_frequencies, the pattern name,"
    ):
        language.use("half")
    _write(tmp_path / "packs" / "less" / "__init__.py", PACK.replace('"told"', '"tald"'))
    with pytest.raises(SettingsError, match=r"the language 'less' lacks the pattern told$"):
        language.use("less")
    assert language.name() == "toy"


def test_the_settings_take_their_language_into_use(toy, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert load_settings().language == "english"
    assert language.pack() is english
    (tmp_path / "rag.toml").write_text('language = "toy"\n')
    assert load_settings().language == "toy"
    assert language.pack() is toy


def test_a_file_that_is_read_apart_is_read_in_the_language_in_use(monkeypatch):
    assert apart.read(".txt", b"November 1, 2025\n\nA title\n\nA text.\n", LIMITS).parsed.metadata.date == "2025-11-01"
    monkeypatch.setattr(language, "name", lambda: "klingon")
    with pytest.raises(SeedError, match=r"the process that reads files could not be started \(it ended with 1\)"):
        apart.read(".txt", b"A text.\n", LIMITS)


def test_settings_of_a_language_that_is_not_in_use_make_no_index():
    with pytest.raises(SettingsError, match=r"the settings say language 'toy', and 'english' is in use"):
        recipe(Settings(language="toy"), EncoderSource("e", Path("none"), "0"))


def test_the_language_is_part_of_what_an_index_is(toy):
    language.use("english")
    made, entry = (
        recipe(Settings(), EncoderSource("e", Path("none"), "0")),
        SeedEntry("a", "a.txt", "0", "1", "plain/4"),
    )
    other = replace(made, language="toy")
    assert generation_name(other, Contents.of([entry])) != generation_name(made, Contents.of([entry]))
    assert other.differences(made) == ["language: toy -> english"]


def test_a_fingerprint_has_the_modules_and_templates_of_its_language(tmp_path):
    package = tmp_path / "rag"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("*.onnx", "*.safetensors", "__pycache__"))
    _write(package / "language" / "toy" / "__init__.py", "from rag.language.toy import words\n")
    _write(package / "language" / "toy" / "words.py", "STOPWORDS = 1\n")
    _write(package / "language" / "toy" / "templates" / "a.j2", "a")
    assert {"rag.language.toy", "rag.language.toy.words"} <= set(code(package, "toy"))
    assert "language/toy/templates/a.j2" in files(package, "toy")
    assert not {name for name in (*code(package), *files(package)) if "toy" in name}
    modules = {f"rag.language.english.{path.stem}" for path in (PACKAGE / "language" / "english").glob("[!_]*.py")}
    assert modules <= set(code(package))


# What follows holds that no module of `rag` outside of the packs has a list or a pattern of English words.
ALLOWED = {
    "cli/console.py": "names of the standard streams",
}
# Kinds of questions and fields of the formats are called so, whatever the language of the articles.
NAMES = {"who", "when", "where", "why", "how", "what", "about", "said", "article", "articles", "text", "kind", "type"}
NAMES |= {"from", "to", "until", "at", "before", "after"}
LIBRARIES = {"nupunkt", "snowballstemmer", "spellchecker"}  # of a language


QUESTION = re.compile(r"^[A-Z][a-z]+ [^\\|=]*[\w ]\?$")


def english_words():
    """Words that tell a text is English; those of one letter are names of groups, too."""
    days = (*english.MONTHS, *english.SHORT_MONTHS, "monday tuesday wednesday thursday friday saturday sunday".split())
    flat = {word for its in days for word in ([its] if isinstance(its, str) else its)}
    return {word.casefold() for word in flat | english.STOPWORDS if len(word) > 1} - NAMES


def lists_and_patterns(tree):
    """(line, text) of what may be a list of words or a pattern: collections, texts that are split, and patterns."""
    for line, text in texts(tree):
        if re.search(r"\\[bswWd]|\(\?[:=!<P]|\w\|\w", text):
            yield line, re.sub(r"\\[a-zA-Z]", " ", text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Set | ast.List | ast.Tuple | ast.Dict):
            parts = node.keys + node.values if isinstance(node, ast.Dict) else node.elts
            words = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            yield node.lineno, " ".join(word for word in words if len(word.split()) == 1)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split":
            yield node.lineno, " ".join(_texts(node.func.value))


def texts(tree):
    """(line, text) of each text that is used, those of one f-string together."""
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in documented:
            yield node.lineno, " ".join(_texts(node))


def _texts(node):
    parts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    return [part for part in parts if isinstance(part, str)]


def _words(text):
    return set(re.findall(r"[a-z_]+(?:'[a-z]+)*", text.casefold()))


def in_english(source):
    """(line, words) of what is of English.

    That is each list or pattern with two or more of its words, a question in it, and what imports its rules.
    """
    tree, words = ast.parse(source), english_words()
    found = {(line, text) for line, text in texts(tree) if _words(text) & (words | NAMES) and QUESTION.search(text)}
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        module = getattr(node, "module", None) or ""
        theirs = {name.split(".")[0] for name in (*names, module)} & LIBRARIES
        whole = {f"{module}.{name}" for name in names}
        if theirs or any(name.startswith("rag.language.english") for name in whole):
            found.add((node.lineno, f"imports {module or names[0]}"))
    for line, text in lists_and_patterns(tree):
        held = sorted(_words(text) & words)
        if len(held) > 1:
            found.add((line, " ".join(held)))
    return sorted(found)


@pytest.mark.parametrize(
    "line",
    [
        'A = "a few of the words".split()',
        'A = frozenset({"the", "of"})',
        'A = ("January", "May")',
        'A = re.compile(r"\\b(?:who|whom|whose)\\b")',
        'A = "jan|feb|mar"',
        'A = rf"(?:{B}\\s+)?(?:the|of)"',
        'A = {"the": 1, "of": 2}',
        'A = "What is this about?"',
        'A = f"What is {B}?"',
        "from rag.language.english.words import STOPWORDS",
        "from rag.language import english",
        "def f():\n    import spellchecker",
    ],
)
def test_a_list_or_pattern_of_english_words_is_found(line):
    assert in_english(line) != []


@pytest.mark.parametrize(
    "line",
    [
        '"""Only the words of a docstring | of a module."""',
        'raise ValueError("the file is not of the sort that is read")',
        'A = ("who", "when", "where")',
        'A = re.compile(r"(?P<a>\\d+)/(?P<b>\\d+)")',
        'A = ["title", "author", "from"]',
        'A = "SELECT key FROM article WHERE id = ?"',
    ],
)
def test_messages_and_names_are_no_list_of_english_words(line):
    assert in_english(line) == []


def test_nothing_of_english_is_outside_of_its_pack():
    found = {}
    for path in sorted((ROOT / "rag").rglob("*.py")):
        name = path.relative_to(ROOT / "rag").as_posix()
        if not name.startswith(("language/", *ALLOWED)):
            found[name] = in_english(path.read_text(encoding="utf-8"))
    assert {name: its for name, its in found.items() if its} == {}


def test_what_is_allowed_has_english():
    """Each exception is one: a module that has no English any more leaves the list."""
    for name in ALLOWED:
        assert in_english((ROOT / "rag" / name).read_text(encoding="utf-8")), name
