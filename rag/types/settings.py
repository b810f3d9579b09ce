"""Every tunable, read from `rag.toml` in the working folder and from `RAG_…` environment variables.

The environment wins over the file. An unknown key in either is an error.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from rag.language import DEFAULT, use
from rag.types.errors import SettingsError

CONFIG_FILE = "rag.toml"
FILES = "files"
_DATABASE = ("postgresql://", "postgres://")
ENV_PREFIX = "RAG_"


class Settings(BaseSettings):
    """The values of one run. Fields marked (index) are part of a generation's identity."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True)

    store: str = Field(default=FILES, repr=False)
    """Where the index is kept: `files`, in the index folder, or the address of a PostgreSQL database,
    `postgresql://user@host/name` (docs/archive.md). It may hold a password, so it is never shown."""
    store_read: str | None = Field(default=None, repr=False)
    """Where questions read it: the address of a replica of the database in `store`. Unset: at `store`."""
    language: str = DEFAULT
    """(index) The language of articles, questions and answers: a pack, which is a folder of `rag.language`."""
    encoder: str = "sentence-transformers/all-MiniLM-L6-v2"
    """(index) Name of a sentence-transformers model, or the path of a folder that holds one."""
    chunk_max_chars: int = Field(default=800, ge=200, le=4000)
    """(index) Longest chunk, in code points. 800 code points of English are about 180 tokens, inside the 256 that
    all-MiniLM-L6-v2 reads."""
    chunk_min_chars: int = Field(default=200, ge=0, le=2000)
    """(index) A chunk shorter than this takes in the paragraph after it, under the same heading."""
    candidates: int = Field(default=50, ge=1, le=1000)
    """Passages taken from each of the two rankings before they are fused."""
    rrf_k: int = Field(default=10, ge=1)
    """The constant of reciprocal rank fusion: 60 in Cormack, Clarke and Büttcher (SIGIR 2009), less here for questions
    in other words than the articles' (docs/decisions/004)."""
    passages: int = Field(default=20, ge=1, le=100)
    """Fused passages that are read for an answer; half as many with `fast` (docs/decisions/047)."""
    threshold: float | None = Field(default=None, ge=0.0, le=1.0)
    """Answer at this confidence or above. Unset: the threshold shipped with the extractor's coefficients."""
    fast: bool = False
    """Read half as many passages, and none a second time: quicker, and less often right."""
    max_question_chars: int = Field(default=1000, ge=10, le=2000)
    """Longest question that is accepted, in code points."""
    feeds: tuple[str, ...] = ()
    """Addresses of feeds that `rag watch` takes articles from."""
    feeds_minutes: int = Field(default=15, ge=1, le=10_080)
    """Minutes between two times that it asks each of them."""

    @property
    def passages_read(self) -> int:
        """How many passages are read for an answer."""
        return max(1, self.passages // 2) if self.fast else self.passages

    @field_validator("store", "store_read")
    @classmethod
    def _a_store(cls, value: str | None) -> str | None:
        return value if value is None else a_store(value)

    @model_validator(mode="after")
    def _a_replica_is_of_a_database(self) -> Settings:
        if self.store_read is not None and self.store == FILES:
            raise ValueError(
                f"store_read names a replica, and store is '{FILES}', which has none; set store to the address of the "
                "database that it is a replica of, or leave store_read out"
            )
        return self

    @model_validator(mode="after")
    def _chunks_fit(self) -> Settings:
        if self.chunk_min_chars >= self.chunk_max_chars:
            raise ValueError(
                f"chunk_min_chars ({self.chunk_min_chars}) must be below chunk_max_chars ({self.chunk_max_chars})"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, Path(CONFIG_FILE))


def a_store(value: str) -> str:
    """A value of the setting `store`. Raises ValueError for what is none."""
    if value != FILES and not value.startswith(_DATABASE):
        raise ValueError(f"a store is '{FILES}' or an address that begins with {_DATABASE[0]}")
    return value


def certified(settings: Settings) -> dict[str, object]:
    """The settings on which answers depend: a certificate holds while none of them changes."""
    return settings.model_dump(exclude={"store", "store_read", "feeds", "feeds_minutes"})


def load_settings() -> Settings:
    """The settings of this process, whose language is taken into use.

    Raises SettingsError naming the key and where it was set.
    """
    known = {ENV_PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(k for k in os.environ if k.upper().startswith(ENV_PREFIX) and k.upper() not in known)
    if unknown:
        raise SettingsError(
            f"environment variable {unknown[0]} is not a setting; the settings are {', '.join(sorted(known))}"
        )
    try:
        settings = Settings()
        use(settings.language)
        return settings
    except SettingsError as error:
        raise SettingsError(
            f"setting 'language': {error}; look at {CONFIG_FILE} and the {ENV_PREFIX}… variables"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{CONFIG_FILE} is not valid TOML: {error}; mend the file") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "settings"
        raise SettingsError(
            f"setting '{key}': {first['msg']}; look at {CONFIG_FILE} and the {ENV_PREFIX}… variables"
        ) from error
