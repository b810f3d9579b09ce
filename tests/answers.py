"""Answers of every kind that the real program gives, over a folder with every kind of source."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from fpdf import FPDF

from rag.answer.batch import answered
from rag.answer.failure import error_reply
from rag.answer.opening import open_assistant
from rag.answer.wire import AskedLine, reply_object
from rag.build import sync_index
from rag.types.settings import Settings
from tests.conftest import ARTICLE, SEEDS, TAKAICHI

BRIDGE = {"from": "2031-01-01"}
OWN = {"articles": [ARTICLE]}
XI = [{"question": "Who is Xi Jinping set to meet?", "answer": ""}]

ASKED: dict[str, dict[str, object]] = {
    "who": {"question": "Who told AFP that public opinion matters in foreign policy?"},
    "when": {"question": "When did Xi hold talks with Mark Carney?"},
    "where": {"question": "In which city did Xi meet Donald Trump?"},
    "how_many": {"question": "How many boats did the harbour of Ustka count?"},
    "why": {"question": "Why was the mill of Darlowo closed?"},
    "how": {"question": "How did China respond to THAAD?"},
    "said": {"question": "What did Gi-Wook Shin say about public opinion?"},
    "yes_no": {"question": "Did Xi meet Donald Trump in Busan?"},
    "topic": {"question": "Tell me about Kimchi"},
    "what": {"question": TAKAICHI},
    "about": {"question": "What is this article about?", "filters": OWN},
    "dated": {"question": "When was this article published?", "filters": OWN},
    "written": {"question": "Who wrote this?", "filters": OWN},
    "alternatives": {"question": "Who built the bridge of Ustka?"},
    "a list that is the short answer": {"question": "Who shares the record of the regatta of Leba?"},
    "a list beyond the short answer": {"question": "What is the tower of Leba known as?"},
    "a list of two sentences": {"question": "Who chairs the council of Hel?"},
    "pdf": {"question": "What colour is the lighthouse of Rozewie?"},
    "filters": {"question": "Who built the bridge of Ustka?", "filters": {"from": "2024-01-01", "to": "2024-12-31"}},
    "filtered out": {"question": "Who built the bridge of Ustka?", "filters": BRIDGE},
    "follow-up": {"question": "Where did he meet Donald Trump?", "history": XI},
    "two parts": {"question": "Who built the bridge of Ustka and how many boats did the harbour of Ustka count?"},
    "refused": {"question": "Who composed the Ode to Joy for Zanzibar?"},
    "unsure": {"question": "Who built the bridge of Ustka, Marta Wilk or somebody of Zanzibar?"},
    "unsure how": {"question": "How did China respond to THAAD?"},
    "this week": {"question": "Who built the bridge of Ustka this week?", "asked": "2024-05-06"},
    "in a year": {"question": "Who built the bridge of Ustka in 2023?", "asked": "2024-05-06"},
    "slip": {"question": "In wich city did Trump meet Xi Jingping?"},
    "named in small letters": {"question": "who is takaichi"},
    "who a pronoun is": {"question": "Who is he?", "history": XI},
    "after a sentence": {"question": "I was away when it happened. Who built the bridge of Ustka?"},
    "slip in what asks": {"question": "Waht city did Xi visit when he met Trump?"},
    "hello": {"question": "hello"},
    "thanks": {"question": "thanks!"},
    "help": {"question": "help"},
    "error": {"question": " "},
    "no such article": {"question": "Who?", "filters": {"articles": ["nowhere.txt"]}},
}


def folder(path: Path) -> Path:
    """The owner's article, two records of a JSONL file that disagree, and a PDF of two pages."""
    path.mkdir()
    shutil.copy(SEEDS / ARTICLE, path)
    records = [
        {
            "id": "ustka-1",
            "title": "A bridge for Ustka",
            "date": "2024-05-04",
            "publisher": "Baltic Post",
            "author": "A. Nowak",
            "url": "https://example.org/ustka",
            "text": "The bridge of Ustka was built by the engineer Marta Wilk.\n\n"
            "The harbour of Ustka counted 412,500 boats.",
        },
        {
            "id": "ustka-2",
            "title": "The bridge of Ustka, once more",
            "date": "2023-02-01",
            "text": "The bridge of Ustka was built by the engineer Pawel Dudek.\n\n"
            "The mill of Darlowo was closed because its wheel had broken.",
        },
        {
            "id": "leba",
            "title": "News of Leba",
            "text": "Marta Wilk, Jan Nowak and Ewa Mak share the record of the regatta of Leba.\n\n"
            "The tower of Leba, also known as the Old Lamp, the Red Tower, or the Widow, stands on a cliff.\n\n"
            "Anna Lis chairs the council of Hel. The council of Hel is chaired with her by Jan Nowak.",
        },
    ]
    (path / "coast.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    for text in ("A light on the coast", "The lighthouse of Rozewie is painted red. Ships see it from afar."):
        pdf.add_page()
        pdf.multi_cell(0, 8, text)
    (path / "light.pdf").write_bytes(bytes(pdf.output()))
    return path


def made(seeds: Path, index: Path) -> dict[str, dict[str, object]]:
    """One answer a line of ASKED, as a file of answers has it."""
    sync_index(seeds, index, Settings())
    shipped = open_assistant(index, Settings())
    out = {}
    for name, line in ASKED.items():
        asked = AskedLine.model_validate(line | {"id": name})
        assistant = shipped.with_threshold(1.0) if name.startswith("unsure") else shipped
        try:
            reply = answered(assistant, asked)
        except Exception as error:  # noqa: BLE001 - as a batch does
            reply = error_reply(error, id=name, question=asked.question, generation=assistant.store.generation)
        out[name] = json.loads(json.dumps(reply_object(reply)))
    return out
