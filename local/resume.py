"""What a restart leaves of the jobs: the queue is empty, and whoever held a lease is gone."""

from chalicelib import clock
from chalicelib.jobs import queue
from chalicelib.jobs.job import Job, change


def resume() -> int:
    """Send every unfinished job again, and end the leases that are left; how many they were.

    The sweep would find them too, but only once they are late.
    """
    unfinished = list(Job.scan(Job.shard.exists()))
    for job in unfinished:
        if job.lease_until:
            change(job.id, Job.shard.exists(), Job.lease_until.set(clock.now_ms() - 1))
        queue.send(job.id, max(0, job.run_at - clock.now_ms()) / 1000)
    return len(unfinished)
