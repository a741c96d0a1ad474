"""Runs and passwords in Redis or Valkey, shared by web and worker processes.

Keys, each with a TTL:

    gmx-pop:run:<id>         hash: state, sequence, queued_at, deadline, ended_at; report, final and one field for
                             each stage, sealed
    gmx-pop:waiting          sorted set of queued ids by time
    gmx-pop:follow:<id>      the shared run of a follower, with the prefix LEFT once the follower has left
    gmx-pop:followers:<id>   set of the followers of a shared run
    gmx-pop:shared:<key>     the running or recent shared run
    gmx-pop:key:<id>         the key of a shared run
    gmx-pop:password:<id>    the password, sealed to each worker's key
    gmx-pop:worker:<name>    public key of a live worker, sealed
    gmx-pop:running:<name>   how many tests it runs
"""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from redis import Redis

from webapp.connection_tests.engine import EXPIRES_SECONDS, UnavailableError
from webapp.connection_tests.passwords import PasswordStore, associated
from webapp.connection_tests.progress import CONCLUSIVE, SHARED_ID, Run, RunStore, password_may_be_out
from webapp.core.probe import (
    Circle,
    Failure,
    FailureKind,
    Mailbox,
    Protocol,
    Report,
    RunState,
    Secret,
    Stage,
    Status,
    Vantage,
)
from webapp.infrastructure.config import CHECK_CACHE_SECONDS, PASSWORD_SECONDS, RUN_STATE_SECONDS
from webapp.infrastructure.sealing import Sealer, UnsealError, WorkerKey, seal_to

PREFIX = "gmx-pop:"
WAITING = PREFIX + "waiting"
SHARED_SECONDS = EXPIRES_SECONDS + 60  # longest life of a check
POLL_SECONDS = 0.1  # of `wait`
LEFT = b"left "

# KEYS: run, waiting. ARGV: now, TTL, id, required state or "", new state or "", then fields and values.
# Returns 1 if the run had not ended and was changed.
_CHANGE = """
local known = redis.call('HMGET', KEYS[1], 'state', 'deadline')
if known[1] ~= 'queued' and known[1] ~= 'running' then return 0 end
if ARGV[4] ~= '' and known[1] ~= ARGV[4] then return 0 end
if tonumber(ARGV[1]) > tonumber(known[2]) then return 0 end
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[1], 'state', ARGV[5])
  redis.call('ZREM', KEYS[2], ARGV[3])
end
if #ARGV > 5 then redis.call('HSET', KEYS[1], unpack(ARGV, 6)) end
redis.call('HINCRBY', KEYS[1], 'sequence', 1)
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""

# KEYS: run, waiting. ARGV: now, id. Returns 1 if the run had ended by time and this is written down now.
_CLOSE = """
local known = redis.call('HMGET', KEYS[1], 'state', 'deadline')
if known[1] ~= 'queued' and known[1] ~= 'running' then return 0 end
if not known[2] or tonumber(ARGV[1]) <= tonumber(known[2]) then return 0 end
local state = known[1] == 'queued' and 'expired' or 'interrupted'
redis.call('HSET', KEYS[1], 'state', state, 'ended_at', known[2])
redis.call('HINCRBY', KEYS[1], 'sequence', 1)
redis.call('ZREM', KEYS[2], ARGV[2])
return 1
"""

# KEYS: shared, follow. ARGV: id of a new run, its TTL, TTL of the rest, follower, prefixes of run and followers.
# Returns the id of the run to follow.
_JOIN = """
local found = redis.call('GET', KEYS[1])
if not found or redis.call('EXISTS', ARGV[5] .. found) == 0 then
  found = ARGV[1]
  redis.call('SET', KEYS[1], found, 'EX', ARGV[2])
end
redis.call('SET', KEYS[2], found, 'EX', ARGV[3])
redis.call('SADD', ARGV[6] .. found, ARGV[4])
redis.call('EXPIRE', ARGV[6] .. found, ARGV[3])
return found
"""

# KEYS: follow, followers, key. ARGV: new value of follow, TTL, follower, run id, prefix of shared.
# Returns 1 if no follower is left; then nobody can join the run any more.
_LEAVE = """
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('SREM', KEYS[2], ARGV[3])
if redis.call('SCARD', KEYS[2]) > 0 then return 0 end
local key = redis.call('GET', KEYS[3])
if key and redis.call('GET', ARGV[5] .. key) == ARGV[4] then redis.call('DEL', ARGV[5] .. key) end
return 1
"""

# KEYS: shared. ARGV: required value, TTL, 0 to delete it.
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('EXPIRE', KEYS[1], ARGV[2])
"""


class RedisRunStore(RunStore):
    """One round trip per change."""

    def __init__(self, redis: Redis, sealer: Sealer, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._sealer = sealer
        self._clock = clock
        self._change_script = redis.register_script(_CHANGE)
        self._close_script = redis.register_script(_CLOSE)
        self._join_script = redis.register_script(_JOIN)
        self._leave_script = redis.register_script(_LEAVE)
        self._release_script = redis.register_script(_RELEASE)

    def add(self, run: Run) -> bool:
        name = PREFIX + f"run:{run.id}"
        if not self._redis.hsetnx(name, "state", run.state.value):
            return False
        fields: dict[Any, Any] = {
            "sequence": run.sequence,
            "queued_at": repr(run.queued_at),
            "deadline": repr(run.deadline),
            "report": self._seal(report_to_record(run.report), f"report {run.id}"),
        }
        pipeline = self._redis.pipeline()
        pipeline.hset(name, mapping=fields)
        pipeline.expire(name, RUN_STATE_SECONDS)
        pipeline.zremrangebyscore(WAITING, 0, self._clock() - EXPIRES_SECONDS)
        pipeline.zadd(WAITING, {run.id: run.queued_at})
        pipeline.expire(WAITING, RUN_STATE_SECONDS)
        pipeline.execute()
        return True

    def get(self, run_id: str) -> Run | None:
        pipeline = self._redis.pipeline()
        pipeline.hgetall(PREFIX + f"run:{run_id}")
        pipeline.get(PREFIX + f"follow:{run_id}")
        fields, followed = pipeline.execute()
        if followed is None:
            return self._run(run_id, fields)
        left = followed.startswith(LEFT)
        shared_id = followed.removeprefix(LEFT).decode()
        run = self._run(shared_id, cast("dict[bytes, bytes]", self._redis.hgetall(PREFIX + f"run:{shared_id}")))
        if run is None:
            return None
        run = replace(run, id=run_id, shared=True)
        return replace(run, state=RunState.CANCELLED, ended_at=run.queued_at) if left else run

    def begin(self, run_id: str, deadline: float) -> Run | None:
        if not self._change(run_id, RunState.RUNNING, {"deadline": repr(deadline)}, must_be=RunState.QUEUED.value):
            return None
        return self.get(run_id)

    def stage(self, run_id: str, stage: Stage) -> None:
        name = f"stage:{stage.protocol.value}:{stage.stage}"
        fields: dict[str, Any] = {name: self._seal(stage.to_json(), f"{name} {run_id}")}
        self._change(run_id, None, fields)

    def end(self, run_id: str, state: RunState, report: Report | None = None, *, waiting: bool = False) -> bool:
        fields: dict[str, Any] = {"ended_at": repr(self._clock())}
        if report is not None:
            fields["final"] = self._seal(report_to_record(report), f"final {run_id}")
        changed = self._change(run_id, state, fields, must_be=RunState.QUEUED.value if waiting else "")
        key = self._redis.get(PREFIX + f"key:{run_id}") if changed and run_id.startswith(SHARED_ID) else None
        if key is not None:
            self._release(cast(bytes, key).decode(), run_id, CHECK_CACHE_SECONDS if state in CONCLUSIVE else 0)
        return changed

    def close(self, run_id: str) -> list[str]:
        followed = cast("bytes | None", self._redis.get(PREFIX + f"follow:{run_id}"))
        own = followed.removeprefix(LEFT).decode() if followed else run_id
        done = self._close_script(keys=[PREFIX + f"run:{own}", WAITING], args=[repr(self._clock()), own])
        return self.followers(own) if done else []

    def forget(self, run_id: str) -> None:
        pipeline = self._redis.pipeline()
        pipeline.delete(PREFIX + f"run:{run_id}", PREFIX + f"key:{run_id}")
        pipeline.zrem(WAITING, run_id)
        pipeline.execute()

    def position(self, run_id: str) -> int:
        followed = cast("bytes | None", self._redis.get(PREFIX + f"follow:{run_id}"))
        pipeline = self._redis.pipeline()
        pipeline.zremrangebyscore(WAITING, 0, self._clock() - EXPIRES_SECONDS)
        pipeline.zrank(WAITING, followed.decode() if followed else run_id)
        rank = pipeline.execute()[1]
        return 0 if rank is None else int(rank) + 1

    def wait(self, run_id: str, seconds: float) -> Run | None:
        end = time.monotonic() + seconds
        while True:
            run = self.get(run_id)
            left = end - time.monotonic()
            if run is None or run.ended or left <= 0:
                return run
            time.sleep(min(left, POLL_SECONDS))

    def join(self, key: str, follower: str, run: Run) -> bool:
        self.add(run)
        self._redis.set(PREFIX + f"key:{run.id}", key, ex=RUN_STATE_SECONDS)
        found = self._join(key, follower, run.id)
        if found != run.id:
            other = self.get(found)
            if other is None or (other.ended and other.state not in CONCLUSIVE):
                self._release(key, found, 0)
                found = self._join(key, follower, run.id)
        if found != run.id:
            self.forget(run.id)
        return found == run.id

    def leave(self, follower: str) -> str | None:
        run = self.get(follower)
        followed = cast("bytes | None", self._redis.get(PREFIX + f"follow:{follower}"))
        if run is None or run.ended or followed is None:
            return None
        own = followed.decode()
        alone = self._leave_script(
            keys=[PREFIX + f"follow:{follower}", PREFIX + f"followers:{own}", PREFIX + f"key:{own}"],
            args=[LEFT + followed, RUN_STATE_SECONDS, follower, own, PREFIX + "shared:"],
        )
        return own if alone else None

    def followers(self, run_id: str) -> list[str]:
        if not run_id.startswith(SHARED_ID):
            return [run_id]
        found = cast("set[bytes]", self._redis.smembers(PREFIX + f"followers:{run_id}"))
        return sorted(name.decode() for name in found)

    def _join(self, key: str, follower: str, run_id: str) -> str:
        found = self._join_script(
            keys=[PREFIX + f"shared:{key}", PREFIX + f"follow:{follower}"],
            args=[run_id, SHARED_SECONDS, RUN_STATE_SECONDS, follower, PREFIX + "run:", PREFIX + "followers:"],
        )
        return cast(bytes, found).decode()

    def _release(self, key: str, run_id: str, seconds: float) -> None:
        self._release_script(keys=[PREFIX + f"shared:{key}"], args=[run_id, int(seconds)])

    def _change(self, run_id: str, state: RunState | None, fields: dict[str, Any], must_be: str = "") -> bool:
        flat = [part for pair in fields.items() for part in pair]
        arguments = [repr(self._clock()), RUN_STATE_SECONDS, run_id, must_be, state.value if state else "", *flat]
        return bool(self._change_script(keys=[PREFIX + f"run:{run_id}", WAITING], args=arguments))

    def _run(self, run_id: str, fields: dict[bytes, bytes]) -> Run | None:
        if b"report" not in fields:  # unknown, or not completely added yet
            return None
        try:
            report = self._report_so_far(run_id, fields)
        except UnsealError:  # of a process with another secret key
            return None
        ended_at = fields.get(b"ended_at")
        run = Run(
            run_id,
            report,
            queued_at=float(fields[b"queued_at"]),
            deadline=float(fields[b"deadline"]),
            state=RunState(fields[b"state"].decode()),
            sequence=int(fields[b"sequence"]),
            ended_at=float(ended_at) if ended_at else None,
        )
        return run.as_of(self._clock())

    def _report_so_far(self, run_id: str, fields: dict[bytes, bytes]) -> Report:
        if b"final" in fields:
            return report_from_record(self._open(fields[b"final"], f"final {run_id}"))
        report = report_from_record(self._open(fields[b"report"], f"report {run_id}"))
        for name, sealed in fields.items():
            if name.startswith(b"stage:"):
                stage = stage_from_record(self._open(sealed, f"{name.decode()} {run_id}"))
                sent = report.password_sent or password_may_be_out(report, stage)
                report = replace(report.with_stage(stage), password_sent=sent)
        return report

    def _seal(self, value: Any, about: str) -> bytes:
        return self._sealer.seal(json.dumps(value, separators=(",", ":")).encode(), about.encode())

    def _open(self, sealed: bytes, about: str) -> Any:
        return json.loads(self._sealer.open(sealed, about.encode()))


class RedisPasswordStore(PasswordStore):
    """Sealed to the live workers: a worker opens with its own key, a web process cannot open anything."""

    def __init__(
        self, redis: Redis, workers: Callable[[], dict[str, bytes]], own: tuple[str, WorkerKey] | None = None
    ) -> None:
        """workers: returns the public keys of live workers by name. own: in a worker, its name and key."""
        self._redis = redis
        self._workers = workers
        self._own = own

    def put(self, run_id: str, password: Secret) -> None:
        workers = self._workers()
        if not workers:
            raise UnavailableError
        expires = time.time() + PASSWORD_SECONDS
        about, plain = associated(run_id, expires), password.reveal().encode()
        sealed = {name: base64.b64encode(seal_to(public, plain, about)).decode() for name, public in workers.items()}
        self._redis.set(
            PREFIX + f"password:{run_id}", json.dumps({"expires": expires, "sealed": sealed}), ex=PASSWORD_SECONDS
        )

    def take(self, run_id: str) -> Secret | None:
        kept = cast("bytes | None", self._redis.getdel(PREFIX + f"password:{run_id}"))
        if kept is None or self._own is None:
            return None
        name, key = self._own
        content = json.loads(kept)
        sealed, expires = content["sealed"].get(name), content["expires"]
        if sealed is None or expires < time.time():
            return None
        try:
            return Secret(key.open(base64.b64decode(sealed), associated(run_id, expires)).decode())
        except UnsealError:
            return None

    def seconds_left(self, run_id: str) -> float:
        return max(0, self._redis.pttl(PREFIX + f"password:{run_id}")) / 1000


def report_to_record(report: Report) -> dict[str, Any]:
    """Return `report` as JSON data including the whole address: must be sealed."""
    return {
        "reference": report.reference,
        "address": report.address,
        "provider": report.provider,
        "vantage": report.vantage.value,
        "login": report.login,
        "started_at": report.started_at.isoformat(),
        "stages": [stage.to_json() for stage in report.stages],
        "state": report.state.value,
        "password_sent": report.password_sent,
        "mailbox": report.mailbox and [report.mailbox.messages, report.mailbox.octets],
        "circle": report.circle and [stage.to_json() for stage in report.circle.stages],
    }


def report_from_record(record: dict[str, Any]) -> Report:
    return Report(
        reference=record["reference"],
        address=record["address"],
        provider=record["provider"],
        vantage=Vantage(record["vantage"]),
        login=record["login"],
        started_at=datetime.fromisoformat(record["started_at"]),
        stages=tuple(stage_from_record(stage) for stage in record["stages"]),
        state=RunState(record["state"]),
        password_sent=record["password_sent"],
        mailbox=Mailbox(*record["mailbox"]) if record["mailbox"] else None,
        circle=Circle(tuple(map(stage_from_record, record["circle"]))) if record.get("circle") else None,
    )


def stage_from_record(record: dict[str, Any]) -> Stage:
    """Inverse of `Stage.to_json`."""
    failure = record["failure"]
    return Stage(
        protocol=Protocol(record["protocol"]),
        stage=record["stage"],
        host=record["host"],
        port=record["port"],
        status=Status(record["status"]),
        milliseconds=record["milliseconds"],
        detail=record["detail"],
        failure=failure and Failure(FailureKind(failure["kind"]), failure["response_code"], failure["reply"]),
    )
