import io
from collections.abc import Callable

from rich.console import Console

from trainer.progress import Bar, BatchProgress, track


def _clock(step: float) -> Callable[[], float]:
    """A clock that goes on by ``step`` seconds whenever it is read."""
    now = [0.0]

    def read() -> float:
        now[0] += step
        return now[0]

    return read


def test_without_a_terminal_there_is_a_line_every_fifteen_seconds_at_most():
    stream = io.StringIO()
    with Bar("training", 100, console=Console(file=stream), clock=_clock(1.0)) as bar:
        for _ in range(100):
            bar.advance()
    lines = stream.getvalue().splitlines()
    assert 3 <= len(lines) <= 7
    assert all(line.startswith("training ") and line.endswith("/100") for line in lines)


def test_quick_work_writes_its_last_line_only():
    stream = io.StringIO()
    with Bar("training", 3, console=Console(file=stream)) as bar:
        for _ in range(3):
            bar.advance()
        bar.finish("trained 3 epochs [in 1 s]")
    assert stream.getvalue() == "trained 3 epochs [in 1 s]\n"


def test_a_note_stands_beside_the_count():
    stream = io.StringIO()
    with Bar("training", 3, console=Console(file=stream), clock=_clock(20.0)) as bar:
        bar.note("epoch 1: eval loss 0.4")
    assert stream.getvalue() == "training 0/3, epoch 1: eval loss 0.4\n"


def test_the_running_epoch_says_loss_accuracy_and_recall_and_how_the_last_one_went():
    stream = io.StringIO()
    with Bar("training", 8, console=Console(file=stream), clock=_clock(20.0)) as bar:
        progress = BatchProgress(bar, "epoch 1: eval loss 0.4")
        progress.on_epoch_begin(1)
        progress.on_train_batch_end(0, {"accuracy": 0.834, "loss": 0.41, "recall": 1})
    assert stream.getvalue().splitlines()[-1] == (
        "training 1/8, epoch 2: loss 0.41, accuracy 0.83, recall 1.00 (epoch 1: eval loss 0.4)"
    )


def test_batches_that_are_trained_at_once_all_count():
    stream = io.StringIO()
    with Bar("training", 8, console=Console(file=stream), clock=_clock(20.0)) as bar:
        progress = BatchProgress(bar)
        for epoch in range(2):
            progress.on_epoch_begin(epoch)
            progress.on_train_batch_end(2)
            progress.on_train_batch_end(3)
    counts = [line.removeprefix("training ") for line in stream.getvalue().splitlines()]
    assert counts == ["3/8", "4/8", "7/8", "8/8"]


def test_on_a_terminal_a_bar_is_drawn_and_wiped():
    stream = io.StringIO()
    with Bar("training", 3, console=Console(file=stream, force_terminal=True, width=80)) as bar:
        bar.advance(2)
        bar.finish("done")
    assert "training" in stream.getvalue()
    assert "done" in stream.getvalue()


def test_tracked_items_pass_through(capsys):
    assert list(track("abc", "reading", 3)) == ["a", "b", "c"]
    assert capsys.readouterr().out == ""
