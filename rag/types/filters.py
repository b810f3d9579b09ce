"""Which articles are searched: those of a range of days, those named, or all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rag.types.errors import InputError
from rag.types.messages import fault, field, message


class Filters(BaseModel):
    """The `filters` of a question; empty ones leave nothing out. An article without a date is in no range of days."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    since: str | None = Field(default=None, alias="from")
    """The first day, ISO 8601."""
    until: str | None = Field(default=None, alias="to")
    """The last day."""
    articles: tuple[str, ...] = Field(default=(), max_length=5000)
    """Article ids."""

    @field_validator("since", "until")
    @classmethod
    def _day(cls, value: str | None) -> str | None:
        return None if not value else date.fromisoformat(value).isoformat()

    @field_validator("articles")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value))

    @model_validator(mode="after")
    def _in_order(self) -> Filters:
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"'from' ({self.since}) is after 'to' ({self.until})")
        return self

    def __bool__(self) -> bool:
        return bool(self.since or self.until or self.articles)

    def failed(self, article_id: str, day: str | None) -> list[str]:
        """The keys of those that an article of this day (ISO 8601, or none) does not pass."""
        too_early = self.since and (not day or day < self.since)
        too_late = self.until and (not day or day > self.until)
        not_chosen = self.articles and article_id not in self.articles
        wrong = {"from": too_early, "to": too_late, "articles": not_chosen}
        return [key for key, is_wrong in wrong.items() if is_wrong]

    def object(self) -> dict[str, Any]:
        """What stands in a reply."""
        data: dict[str, Any] = {"from": self.since, "to": self.until, "articles": list(self.articles)}
        return {key: value for key, value in data.items() if value}


ALL = Filters()


def parse(given: Mapping[str, Any]) -> Filters:
    """The filters of a request. Raises InputError that says what is wrong with which."""
    if not isinstance(given, Mapping):
        raise InputError(message("filters"))
    try:
        return Filters.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(_told(first)) from error


def _told(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return message("filter_unknown")
    if not error["loc"] and error["type"] == "value_error":
        return message("filter_order")
    return message("filter", field(error["loc"]), fault(error["type"], error.get("ctx", {}).get("max_length")))
