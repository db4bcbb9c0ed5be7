"""The timer of all claims: ours and a peer in turn, in one process, so that both meet the same machine."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Pairs:
    """Seconds of ours and of the peer, pair by pair."""

    ours: tuple[float, ...]
    peer: tuple[float, ...]

    @property
    def speed_ups(self) -> tuple[float, ...]:
        """How many times as fast as the peer ours is, pair by pair."""
        return tuple(peer / ours for ours, peer in zip(self.ours, self.peer, strict=True))

    @property
    def costs(self) -> tuple[float, ...]:
        """How many times the peer's seconds ours takes, pair by pair."""
        return tuple(ours / peer for ours, peer in zip(self.ours, self.peer, strict=True))


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def take_pairs(
    ours: Callable[[], object],
    peer: Callable[[], object],
    pairs: int,
    timer: Callable[[Callable[[], object]], float] = seconds,
) -> Pairs:
    """Times both in turn, every second pair in the other order, so that a drift of the machine favours neither.

    Args:
        ours: One round of our work. It is done once before, untimed.
        peer: One round of the same work as the peer does it. Likewise.
        pairs: How many pairs.
        timer: Gives the seconds of one round; for work in other processes one that reads their clock.

    Raises:
        ValueError: No pair.
    """
    if pairs < 1:
        raise ValueError(f"pairs is {pairs}; at least 1 is needed")
    ours()
    peer()
    taken: list[tuple[float, float]] = []
    for number in range(pairs):
        if number % 2:
            of_peer, of_ours = timer(peer), timer(ours)
        else:
            of_ours, of_peer = timer(ours), timer(peer)
        taken.append((of_ours, of_peer))
    return Pairs(tuple(one for one, _ in taken), tuple(other for _, other in taken))
