"""Runs inside the emulator's process: ministack, with the few habits of AWS that it lacks and Drape needs.

1. AWS queues asynchronous work (S3 events) until there is room; ministack starts one process for each event
   at once, so a hundred photos would be a hundred photo jobs on two cores and all of them would time out.
   Here at most DRAPE_LOCAL_JOBS of them run at a time and the rest wait, and no SQS mapping runs more either.
2. AWS keeps data when a machine fails; ministack writes its state only when it is asked to stop. Here the
   tables are also written every 20 seconds, and everything on SIGUSR1 (sent after each deployment).

It leans on internals of the pinned version; `check` refuses another one rather than go half patched.
"""

import contextvars
import os
import signal
import threading

from ministack import app
from ministack.core import persistence
from ministack.services import lambda_svc

SAVE_TABLES_EVERY = 20  # seconds


def check() -> None:
    """Fails at start if what is replaced below is not there."""
    for name in ("invoke_async_with_retry", "_execute_function", "_sqs_esm_concurrency"):
        if not callable(getattr(lambda_svc, name, None)):
            raise SystemExit(f"this version of ministack has no lambda_svc.{name}: see tests/stack/launcher.py")
    for owner, name in ((app, "_build_persistence_save_dict"), (persistence, "save_all")):
        if not callable(getattr(owner, name, None)):
            raise SystemExit(f"this version of ministack has no {name}: see tests/stack/launcher.py")


def queue_asynchronous_work(width: int) -> None:
    """Lets at most `width` asynchronous invocations run at once, in the order they came."""
    room = threading.Semaphore(width)
    # Copied with the context into the thread that ministack starts for an event, and so the mark of that thread.
    in_background = contextvars.ContextVar("in_background", default=False)
    start, execute, concurrency = (
        lambda_svc.invoke_async_with_retry,
        lambda_svc._execute_function,
        lambda_svc._sqs_esm_concurrency,
    )

    def start_marked(func, event):
        token = in_background.set(True)
        try:
            start(func, event)
        finally:
            in_background.reset(token)

    def execute_with_room(func, event, *rest, **named):
        if not in_background.get():
            return execute(func, event, *rest, **named)
        token = in_background.set(False)  # ministack calls itself again in another account's scope
        try:
            with room:
                return execute(func, event, *rest, **named)
        finally:
            in_background.reset(token)

    lambda_svc.invoke_async_with_retry = start_marked
    lambda_svc._execute_function = execute_with_room
    lambda_svc._sqs_esm_concurrency = lambda *args: min(width, concurrency(*args))


def save_now_and_then() -> None:
    """Writes tables every few seconds and everything on SIGUSR1."""
    wanted = threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: wanted.set())

    def work():
        while True:
            everything = wanted.wait(SAVE_TABLES_EVERY)
            wanted.clear()
            stores = app._build_persistence_save_dict()
            if not everything:
                stores = {name: store for name, store in stores.items() if name == "dynamodb"}
            persistence.save_all(stores)

    threading.Thread(target=work, daemon=True, name="drape-save").start()


def main() -> None:
    check()
    queue_asynchronous_work(int(os.environ["DRAPE_LOCAL_JOBS"]))
    if persistence.PERSIST_STATE:
        save_now_and_then()
    else:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    app.main()


if __name__ == "__main__":
    main()
