"""What is sent in bodies. Keys that are not named here are ignored, as every client sends some of its own; but not in a
call that changes something and that a misspelt id would send elsewhere."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, model_validator

from toldonce.server.queries import IGNORED, scope_like

_SURROGATE = re.compile("[\ud800-\udfff]")


def _whole(value: object) -> object:
    """Text without the halves of characters, which no database keeps; Mem0's JavaScript client sends some."""
    return _SURROGATE.sub("\ufffd", value) if isinstance(value, str) else value


Id = str | StrictInt | None
Object = dict[str, Any]
Text = Annotated[str, BeforeValidator(_whole)]


class Changing(BaseModel):
    """A body of a call that changes something: it names no id that the call does not understand."""

    @model_validator(mode="before")
    @classmethod
    def _no_stray_ids(cls, sent: object) -> object:
        for key in sent if isinstance(sent, dict) else ():
            if key not in cls.model_fields and key not in IGNORED and scope_like(str(key)):
                raise ValueError(f"{str(key)[:64]!a} is not understood here. Nothing was done.")
        return sent


class Identified(BaseModel):
    """Entity ids at the top level, under any of their names."""

    user_id: Id = None
    agent_id: Id = None
    app_id: Id = None
    run_id: Id = None
    session_id: Id = Field(default=None, description="Another name of run_id.")
    userId: Id = None
    agentId: Id = None
    appId: Id = None
    runId: Id = None
    sessionId: Id = None


class AddBody(Changing, Identified):
    """Messages to remember."""

    messages: Text | Object | list[Any] = Field(description="What was said: text, a message or a list of messages.")
    filters: Object | None = Field(default=None, description="The entity ids, if they are not at the top level.")
    metadata: Object | None = None
    infer: bool | None = Field(default=None, description="false: store every message exactly.")
    timestamp: int | float | str | None = Field(default=None, description="When it was said.")
    expiration_date: str | None = Field(default=None, description="YYYY-MM-DD, the last day it is recalled.")
    custom_categories: list[Any] | None = Field(default=None, description="One-key objects: name to description.")
    custom_instructions: Text | None = Field(default=None, description="What a model that reads facts is told.")
    includes: Text | None = Field(default=None, description="What alone it may note.")
    excludes: Text | None = Field(default=None, description="What it may not note.")
    async_mode: bool | None = Field(default=None, description="v1: false returns the finished result.")
    output_format: str | None = None


class SearchBody(Identified):
    """What to recall."""

    query: Text
    filters: Object | None = None
    top_k: int | None = Field(default=None, description="How many at most; 10 unless said.")
    limit: int | None = Field(default=None, description="Another name of top_k.")
    threshold: float | None = Field(default=None, description="The least score, 0 to 1; 0.1 unless said.")
    fields: list[str] | None = Field(
        default=None, description="Which fields of a memory to return; id and memory always are."
    )
    categories: list[str] | None = None
    metadata: Object | None = None
    show_expired: bool | None = None
    reference_date: int | float | str | None = None
    latest_only: bool | None = Field(default=None, description="true: without what only states what a fact replaced.")
    keyword_search: bool | None = Field(default=None, description="Words are always compared, with or without it.")


class ListBody(Identified):
    """Which memories to list."""

    filters: Object | None = None
    page: int | None = None
    page_size: int | None = None
    limit: int | None = Field(default=None, description="Another name of page_size.")
    fields: list[str] | None = None
    categories: list[str] | None = None
    keywords: Text | None = None
    start_date: str | None = None
    end_date: str | None = None
    show_expired: bool | None = None
    latest_only: bool | None = Field(default=None, description="true: without what only states what a fact replaced.")


class UpdateBody(Changing):
    """What to change of a memory; ``expiration_date: null`` lets it hold for ever."""

    text: Text | None = None
    metadata: Object | None = None
    timestamp: int | float | str | None = None
    expiration_date: str | None = None


class BatchItem(Changing):
    """One memory of a batch."""

    memory_id: str
    text: Text | None = None
    metadata: Object | None = None


class BatchBody(Changing):
    """At most 1,000 memories."""

    memories: list[BatchItem]


class FeedbackBody(Changing):
    """What somebody thinks of a memory; null takes it back."""

    memory_id: str
    feedback: str | None = None
    feedback_reason: Text | None = None


class SummaryBody(BaseModel):
    """Which memories to sum up."""

    filters: Object | None = None


class ProfileJobBody(Changing):
    """Whose profile to make."""

    operation: Literal["trigger", "sample"]
    entity_type: str = "user"
    entity_id: Id = None
    limit: int | None = None


class ProfileSettingsBody(BaseModel):
    """What to change of the settings of profiles; what is left out stays."""

    model_config = ConfigDict(extra="allow")  # so that an unknown key is refused by its name

    enabled: Any = None
    entities: Any = None


class ExportBody(Identified):
    """Which memories to export, and into what shape."""

    schema_: Object | Text | None = Field(
        default=None, alias="schema", description="A JSON schema, or its text. Without one, memories as they are."
    )
    filters: Object | None = None


class ExportQuery(Identified):
    """Which export to fetch: by its id, or the last one with these filters."""

    memory_export_id: str | None = None
    filters: Object | None = None


class ProjectBody(BaseModel):
    """A new project."""

    name: Text
    description: Text | None = None


class ProjectChanges(BaseModel):
    """What to change of a project's settings; what is left out stays."""

    name: Text | None = None
    description: Text | None = None
    custom_instructions: Text | list[Any] | None = None
    agent_custom_instructions: Text | None = None
    custom_categories: list[Any] | None = None
    multilingual: bool | None = None
    decay: bool | None = None
    memory_depth: Any = None
    usecase_setting: Any = None
    retrieval_criteria: Any = None
    enable_graph: bool | None = None
    version: str | None = None
    inclusion_prompt: Text | None = None
    exclusion_prompt: Text | None = None


class MemberBody(BaseModel):
    """Somebody who belongs to the project."""

    email: str
    role: str = "READER"


class WebhookBody(BaseModel):
    """An address to tell, and what."""

    url: str
    name: Text = "webhook"
    event_types: list[str]


class WebhookChanges(BaseModel):
    """What to change of a webhook; what is left out stays."""

    url: str | None = None
    name: Text | None = None
    event_types: list[str] | None = None
