"""Greeting someone by what they said about themselves, before they have said a word.

    python examples/greeting.py ann

The first time it knows nothing of them; it then remembers what they type.
"""

from __future__ import annotations

import asyncio
import sys

from loguru import logger

from toldonce import AsyncMemory
from toldonce.pipecat import Mem0MemoryService


async def main(user_id: str) -> None:
    """Greet, then listen to one sentence."""
    logger.remove()
    async with AsyncMemory() as memory:
        service = Mem0MemoryService(user_id=user_id, memory=memory)
        known = await service.get_memories(limit=3)
        if known:
            print(f"Good to have you back, {user_id}. You told me: {'; '.join(found['memory'] for found in known)}")
        else:
            print(f"Hello {user_id}, we have not met. Tell me something about you.")
        told = sys.stdin.readline().strip()
        if told:
            await memory.add([{"role": "user", "content": told}], user_id=user_id)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "friend"))
