"""Progress of a run as plain lines, readable in a terminal and in a log."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from riskloom.plan import Step


class Lines:
    """Writes one line as a step starts, and completes it when the step is done."""

    def __init__(self, stream: IO[str]) -> None:
        """Write to the stream."""
        self._stream = stream

    def started(self, number: int, total: int, step: Step) -> None:
        """Write number, kind, subject and interval."""
        interval = f"  {step.interval}" if step.interval else ""
        self._stream.write(f"[{number:>{len(str(total))}}/{total}] {step.kind:<11} {step.subject}{interval} ... ")
        self._stream.flush()

    def done(self, step: Step, detail: str, seconds: float) -> None:
        """Complete the line with what was done and how long it took."""
        del step
        self._stream.write(f"{detail} ({seconds:.1f} s)\n")
        self._stream.flush()

    def failed(self, step: Step) -> None:
        """Complete the line, so that the error has one of its own."""
        del step
        self._stream.write("failed\n")
        self._stream.flush()
