"""Copies the current generation of one store into another: nothing is read from the seeds or embedded anew.

The record of how articles changed stays where it is: it is of the generations that were there."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from rag.build.inventory import Progress
from rag.types.errors import IndexUnusable
from rag.types.following import MOST_ALERTS, SavedQuestion
from rag.types.stores import Reader, Store


def copy_generation(source: Store, target: Store, progress: Progress = lambda _stage, _done, _total: None) -> str:
    """Makes it the current generation of `target`, with its certificate and the saved questions; its name.

    Raises IndexUnusable where there is none, where a byte of it has changed, or what was copied is not what was there;
    InputError where `target` has room for no more saved questions.
    """
    with closing(_sound(source)) as reader, target.building():
        target.tidy()
        name = reader.generation
        if not target.reuse(name):
            writer = target.begin(reader.recipe, afresh=True)
            try:
                for done, article in enumerate(reader.stored(), start=1):
                    writer.put(article)
                    progress("copying articles", done, reader.article_count)
                copied = writer.commit(reader.files())
                if copied != name:
                    raise IndexUnusable(
                        f"the copy in {target.place} is the generation {copied} and not {name}: the index in "
                        f"{source.place} is damaged; run `rag check`"
                    )
            finally:
                writer.abort()
        certificate = source.certificate(name)
        if certificate:
            target.certify(certificate)
        _copy_saved(source, target)
        return name


def _copy_saved(source: Store, target: Store) -> None:
    """Saved questions with what was told of them; each once, however often it is copied."""
    last, now = source.last_change(), target.last_change()
    kept = dict[str, SavedQuestion]()
    for question in source.saved():
        # One that was not asked of all that changed is asked of everything: what it lacks is not known here.
        kept[question.id] = target.save(replace(question, asked=now + (question.asked != last)))
    told = {alert.id for alert in target.alerts(MOST_ALERTS)}
    for alert in reversed(source.alerts(MOST_ALERTS)):
        its = kept.get(alert.question_id)
        if its is not None and alert.id not in told:
            target.tell(its, its, [alert])


def _sound(source: Store) -> Reader:
    """Its current generation. What is damaged in it would be whole in a copy."""
    reader, damaged = source.sound()
    if damaged:
        raise IndexUnusable(f"{damaged[0]}; run `rag build`, then copy it")
    return reader or source.open()
