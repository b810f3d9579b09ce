"""Copies the current generation of one store into another: nothing is read from the seeds or embedded anew."""

from __future__ import annotations

from contextlib import closing

from rag.build.inventory import Progress
from rag.types.errors import IndexUnusable
from rag.types.stores import Reader, Store


def copy_generation(source: Store, target: Store, progress: Progress = lambda _stage, _done, _total: None) -> str:
    """Makes it the current generation of `target`, with its certificate; its name.

    Raises IndexUnusable where there is none, where a byte of it has changed, or what was copied is not what was there.
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
        return name


def _sound(source: Store) -> Reader:
    """Its current generation. What is damaged in it would be whole in a copy."""
    reader, damaged = source.sound()
    if damaged:
        raise IndexUnusable(f"{damaged[0]}; run `rag build`, then copy it")
    return reader or source.open()
