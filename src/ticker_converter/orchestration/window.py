"""The trigger that waits until a provider's quota opens again, in the triggerer: no worker sleeps meanwhile.

It refuses to look at the database: the ledger said when, and the step that comes back asks the ledger again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

LONGEST = 60.0
"Seconds between two looks at the clock, which may be set meanwhile."


class QuotaWindow(BaseTrigger):
    """Fires when `until` (ISO 8601) has passed."""

    def __init__(self, provider: str, until: str) -> None:
        super().__init__()
        self.provider, self.until = provider, until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What the triggerer makes it from."""
        return f"{__name__}.QuotaWindow", {"provider": self.provider, "until": self.until}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, then fire once."""
        until = datetime.fromisoformat(self.until)
        while (left := (until - datetime.now(UTC)).total_seconds()) > 0:
            await asyncio.sleep(min(left, LONGEST))
        yield TriggerEvent({"provider": self.provider, "until": self.until})
