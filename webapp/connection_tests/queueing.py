"""Huey as we use it: sealed jobs, delivered at most once, and threads that leave signals alone."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from huey import Huey
from huey.consumer import Consumer
from huey.registry import Message
from huey.serializer import Serializer

from webapp.connection_tests.engine import STOP_SECONDS, Plan, Runner
from webapp.infrastructure.sealing import Sealer


class SealedSerializer(Serializer):
    """Sealed JSON instead of Huey's pickle, with which whoever writes to the queue could run code."""

    def __init__(self, sealer: Sealer) -> None:
        super().__init__()
        self._sealer = sealer

    def _serialize(self, data: Any) -> bytes:
        return self._sealer.seal(json.dumps([data.id, data.name, list(data.args)]).encode(), b"job")

    def _deserialize(self, data: bytes) -> Message:
        identifier, name, arguments = json.loads(self._sealer.open(data, b"job"))
        return Message(id=identifier, name=name, retries=0, args=tuple(arguments), kwargs={})


class Queue(Huey):
    """Huey without results, retries, schedule and revocation."""

    def __init__(self, storage: Callable[..., Any], sealer: Sealer, **settings: Any) -> None:
        super().__init__(
            "connection-tests", results=False, storage_class=storage, serializer=SealedSerializer(sealer), **settings
        )
        self.worker: Runner | None = None  # None in a process that only queues

        def check(run_id: str, plan: str) -> None:
            if self.worker is not None:
                self.worker.work(run_id, Plan(**json.loads(plan)))

        self._check = self.task(retries=0, name="check")(check)

    def is_revoked(self, *_: Any, **__: Any) -> bool:
        return False  # without a query before each job

    def submit(self, run_id: str, plan: Plan) -> None:
        self._check(run_id, json.dumps(asdict(plan)))


class QuietConsumer(Consumer):
    """Huey's consumer threads without its signal handlers."""

    def __init__(self, queue: Queue, threads: int) -> None:
        super().__init__(
            queue, workers=threads, periodic=False, check_worker_health=False, max_delay=1.0,
            scheduler_interval=60, shutdown_timeout=STOP_SECONDS,
        )  # fmt: skip

    def _set_signal_handlers(self) -> None:
        """The process has its own."""
