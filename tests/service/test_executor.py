"""The dispatcher's thread: when its jobs are done."""

import threading

from ae_core.service.executor import SerialExecutor

PATIENCE = 60


def test_settled_is_what_was_submitted_and_what_that_submits():
    executor, done = SerialExecutor("test"), []
    executor.submit(lambda: executor.submit(done.append, "of a job"))
    assert executor.settle(PATIENCE)
    assert done == ["of a job"]
    executor.close()


def test_a_job_that_does_not_end_is_not_waited_for():
    executor, free = SerialExecutor("test"), threading.Event()
    executor.submit(free.wait)
    assert not executor.settle(0.01)
    free.set()
    executor.close()
