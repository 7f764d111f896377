"""Each job's effect happens once, whatever becomes of its messages and workers."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pynamodb.attributes import NumberAttribute
from time_machine import Traveller

from chalicelib import jobs
from chalicelib.jobs import Again, Job, LookAgain, Outcome, sweep, worker
from chalicelib.jobs.job import lease
from chalicelib.jobs.registry import KINDS
from chalicelib.store.items import Item, table
from chalicelib.store.transaction import Transaction
from tests.client import Queue

TENANT = "live#wks_1"


class Effect(Item):
    class Meta:
        table_name = table("claims")

    times = NumberAttribute(default=0)


def effects(name: str = "effect") -> int:
    found = Effect.find(name, "effect")
    return int(found.times) if found else 0


def add(tx: Transaction) -> None:
    tx.upsert(Effect("effect", "effect"), Effect.times.add(1))


class Work:
    """A kind of job whose handler each test writes for itself."""

    def __init__(self) -> None:
        self.runs = 0
        self.given_up = 0
        self.handle: Callable[[Job, Transaction], Outcome] = self._once

    def _once(self, _: Job, tx: Transaction) -> Outcome:
        self.runs += 1
        add(tx)
        return None

    def give_up(self, _: Job, tx: Transaction) -> None:
        self.given_up += 1
        add(tx)


@pytest.fixture
def work() -> Iterator[Work]:
    made = Work()

    def give_up(job: Job, tx: Transaction) -> None:
        made.give_up(job, tx)

    def handle(job: Job, tx: Transaction) -> Outcome:
        return made.handle(job, tx)

    jobs.handler("test", give_up=give_up)(handle)
    yield made
    del KINDS["test"]


def enqueue() -> str:
    tx = Transaction()
    job = jobs.enqueue(tx, TENANT, "test", {})
    tx.commit()
    return job.id


def test_once_though_twice_sent(work: Work, queue: Queue) -> None:
    enqueue()
    queue.run_to_the_end(copies=2)
    assert (work.runs, effects()) == (1, 1)


def test_once_though_twenty_workers_race(work: Work) -> None:
    job_id = enqueue()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(worker.run, [job_id] * 20))
    assert (work.runs, effects()) == (1, 1)


def test_a_lost_message_is_sent_again_once(work: Work, queue: Queue, clock: Traveller) -> None:
    enqueue()
    queue.receive()
    assert sweep.sweep() == 0
    clock.shift(31)
    with ThreadPoolExecutor(4) as pool:
        sent = sum(pool.map(lambda _: sweep.sweep(), range(4)))
    assert sent == 1
    queue.run_once()
    assert effects() == 1
    clock.shift(3600)
    assert sweep.sweep() == 0


def test_two_sweeps_that_found_the_same_job_send_it_once(work: Work, clock: Traveller) -> None:
    job = Job.find(enqueue(), "job")
    assert job
    clock.shift(31)
    assert [sweep._send_again(job), sweep._send_again(job)] == [True, False]


def test_a_send_that_fails_loses_nothing(
    work: Work, queue: Queue, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.settings import settings

    with monkeypatch.context() as broken:
        broken.setattr(settings().__class__, "queue_url", "http://nowhere.invalid/q", raising=False)
        broken.setitem(settings().__dict__, "queue_url", "http://nowhere.invalid/q")
        enqueue()
    clock.shift(31)
    assert sweep.sweep() == 1
    queue.run_once()
    assert effects() == 1


def test_a_worker_that_lost_its_lease_writes_nothing(work: Work, clock: Traveller) -> None:
    job_id = enqueue()

    def slow(_: Job, tx: Transaction) -> Outcome:
        work.runs += 1
        if work.runs == 1:
            clock.shift(61)
            worker.run(job_id)
        add(tx)
        return None

    work.handle = slow
    worker.run(job_id)
    assert (work.runs, effects()) == (2, 1)


def test_a_dead_workers_job_is_taken_over(work: Work, queue: Queue, clock: Traveller) -> None:
    job_id = enqueue()
    assert lease(job_id, 60)
    queue.run_once()
    assert work.runs == 0
    clock.shift(62)
    assert sweep.sweep() == 1
    queue.run_once()
    assert (work.runs, effects()) == (1, 1)


def test_an_error_is_tried_again_and_then_given_up(work: Work, queue: Queue) -> None:
    def broken(_: Job, tx: Transaction) -> Outcome:
        work.runs += 1
        add(tx)
        raise RuntimeError("no")

    work.handle = broken
    job_id = enqueue()
    queue.run_to_the_end()
    assert (work.runs, work.given_up, effects()) == (5, 1, 1)
    assert [job_id in dead["body"] for dead in queue.dead()] == [True]
    assert "no" not in str(Job.find(job_id, "job").error)  # type: ignore[union-attr]


def test_a_worker_that_dies_each_time_is_given_up(work: Work, clock: Traveller) -> None:
    job_id = enqueue()
    for _ in range(6):
        assert lease(job_id, 60)
        clock.shift(62)
    worker.run(job_id)
    assert (work.runs, work.given_up) == (0, 1)


def test_woken_while_it_looked(work: Work, queue: Queue) -> None:
    def looks(job: Job, tx: Transaction) -> Outcome:
        work.runs += 1
        if work.runs == 1:
            jobs.wake(job.id)
            return Again(600)
        add(tx)
        return None

    work.handle = looks
    worker.run(enqueue())
    assert (work.runs, effects()) == (2, 1)


def test_look_again(work: Work) -> None:
    def changed(_: Job, tx: Transaction) -> Outcome:
        work.runs += 1
        if work.runs < 3:
            raise LookAgain
        add(tx)
        return None

    work.handle = changed
    worker.run(enqueue())
    assert (work.runs, effects()) == (3, 1)


def test_not_before_its_time(work: Work, queue: Queue, clock: Traveller) -> None:
    def later(_: Job, __: Transaction) -> Outcome:
        work.runs += 1
        return Again(300) if work.runs == 1 else None

    work.handle = later
    job_id = enqueue()
    worker.run(job_id)
    worker.run(job_id)
    assert work.runs == 1
    clock.shift(301)
    worker.run(job_id)
    assert work.runs == 2


def test_a_finished_or_unknown_job_is_left_alone(work: Work) -> None:
    job_id = enqueue()
    worker.run(job_id)
    jobs.wake(job_id)
    worker.run(job_id)
    jobs.wake("job_unknown")
    worker.run("job_unknown")
    assert work.runs == 1


@pytest.mark.parametrize("body", ["", "{", "[]", '{"job": 1}'])
def test_poison_stays_for_the_dead_letter_queue(queue: Queue, body: str) -> None:
    good = {"messageId": "good", "body": '{"job_id": "job_unknown"}'}
    assert worker.receive([{"messageId": "bad", "body": body}, good]) == ["bad"]
