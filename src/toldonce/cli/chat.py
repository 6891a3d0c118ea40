"""``toldonce chat``: the demo's agent, live at the keyboard."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from .answering import BaseUrl, ModelName, read_model
from .options import Data
from .pipecat_ready import quiet_pipecat, require_pipecat
from .show import Screen


def chat(
    data: Data = None,
    user: Annotated[str, typer.Option(metavar="NAME", help="Who is talking; each name has its own memories.")] = "You",
    llm_base_url: BaseUrl = None,
    llm_model: ModelName = None,
) -> None:
    """Talk with an agent that remembers you. /help shows what else can be typed; /quit ends the talk.

    With OPENAI_API_KEY or --llm-base-url a language model answers; without, the best memory is quoted.

    Example: toldonce chat --user Ann
    """
    if not user.strip():
        raise typer.BadParameter("a name has at least one letter.", param_hint="--user")
    model = read_model(llm_base_url, llm_model)
    require_pipecat()
    quiet_pipecat()
    from .talk import talk

    asyncio.run(talk(" ".join(user.split()), data, model, Screen()))
