"""Requests that are there at the same time, computed together: a network asked for one film at a time is slower."""

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import grpc
import numpy as np

from serving.server.faults import Fault
from serving.server.limits import MOST_FILMS
from serving.server.work import GONE

Arrays = Mapping[str, np.ndarray]
#: Signature, inputs -> outputs.
Run = Callable[[str, Arrays], dict[str, np.ndarray]]


@dataclass(eq=False)
class _Request:
    signature: str
    inputs: Arrays
    gone: threading.Event = field(default_factory=lambda: GONE.get(threading.Event()))
    outputs: dict[str, np.ndarray] | None = None
    error: Exception | None = None

    @property
    def is_answered(self) -> bool:
        return self.outputs is not None or self.error is not None

    @property
    def rows(self) -> int:
        """How many it asks for; 0 where its inputs have no common number of them."""
        counts = {len(array) if array.ndim else 0 for array in self.inputs.values()}
        return counts.pop() if len(counts) == 1 else 0

    @property
    def is_large(self) -> bool:
        """Whether it alone is more than a batch may be."""
        return self.rows > MOST_FILMS

    @property
    def kind(self) -> tuple[object, ...]:
        """What must be equal in requests that are computed together."""
        inputs = sorted(self.inputs.items())
        return self.signature, *((alias, array.dtype.str, array.shape[1:]) for alias, array in inputs)


class Batches:
    """Gathers what waits while others are computed. Nothing waits for company: alone, a request runs at once.

    One batch is computed at a time, for it uses all cores: of two at once each would be half as large, and gain
    nothing. Beside it one large request may be, which would keep all small ones waiting until their time is over.

    Unlike in TF Serving, a request that the graph refuses takes no other with it: those that were refused together are
    run again one by one.

    Args:
        run: computes; from any thread.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._changed = threading.Condition()
        self._waiting: list[_Request] = []
        self._running: set[bool] = set()  # is_large of what is computed

    def run(self, signature: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """The outputs of a request, from the thread that asks.

        Raises:
            Fault: The graph refuses it, or nobody waits for it any more.
        """
        request = _Request(signature, inputs)
        with self._changed:
            self._waiting.append(request)
        # Each thread that waits takes its turn at computing, be it for others: there are no threads for that alone.
        while batch := self._next(request):
            try:
                self._compute(batch)
            finally:
                self._end(batch)
        if request.error is not None:
            raise request.error
        assert request.outputs is not None
        return request.outputs

    def _next(self, request: _Request) -> Sequence[_Request]:
        """What is to be computed next, as soon as there is room for it; nothing once the request is answered.

        Only what is as large as the request: who asks for one film must not be kept by another's fifty.
        """
        with self._changed:
            self._changed.wait_for(lambda: request.is_answered or request.is_large not in self._running)
            self._drop_gone()
            if request.is_answered:
                return []
            first, *others = (one for one in self._waiting if one.is_large == request.is_large)
            batch, rows = [first], first.rows
            for other in others:
                if rows and other.rows and rows + other.rows <= MOST_FILMS and other.kind == first.kind:
                    batch.append(other)
                    rows += other.rows
            self._waiting = [one for one in self._waiting if one not in batch]
            self._running.add(request.is_large)
            return batch

    def _drop_gone(self) -> None:
        for request in self._waiting:
            if request.gone.is_set():
                request.error = Fault(grpc.StatusCode.CANCELLED, "the client has gone")
        self._waiting = [request for request in self._waiting if not request.is_answered]
        self._changed.notify_all()

    def _end(self, batch: Sequence[_Request]) -> None:
        """Makes room for the next, and leaves nobody waiting for what did not come."""
        with self._changed:
            for request in batch:
                if not request.is_answered:
                    request.error = Fault(grpc.StatusCode.INTERNAL, "the computation was broken off")
            self._running.remove(batch[0].is_large)
            self._changed.notify_all()

    def _compute(self, batch: Sequence[_Request]) -> None:
        if len(batch) > 1:
            with contextlib.suppress(Exception):  # of whom, nobody knows; or there is no memory for all of them
                self._compute_together(batch)
        for request in batch:
            if not request.is_answered:
                try:
                    request.outputs = self._run(request.signature, request.inputs)
                except Exception as error:  # the thread that asked raises it
                    request.error = error

    def _compute_together(self, batch: Sequence[_Request]) -> None:
        """Answers all, or none where an output has not one row for each of theirs."""
        aliases = batch[0].inputs
        inputs = {alias: np.concatenate([request.inputs[alias] for request in batch]) for alias in aliases}
        outputs = self._run(batch[0].signature, inputs)
        ends = np.cumsum([request.rows for request in batch])
        if any(array.ndim == 0 or len(array) != ends[-1] for array in outputs.values()):
            return
        parts = {alias: np.split(array, ends[:-1]) for alias, array in outputs.items()}
        answers = [{alias: part[index] for alias, part in parts.items()} for index in range(len(batch))]
        for request, answer in zip(batch, answers, strict=True):
            request.outputs = answer
