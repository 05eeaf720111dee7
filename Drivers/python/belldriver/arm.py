"""An arm under way: from batches of trials to the messages that the board keeps and sends ("Arms" of the protocol)."""
from typing import NamedTuple

import numpy

from . import frames

RECORDS_AT_ONCE = 512       # records of one TRIALS message: 16 KiB
CLOCKS_AT_ONCE = 4096       # clock records of one CLOCK message: 64 KiB


class Batch(NamedTuple):
    """Consecutive trials of the running arm."""
    first_pulse: int
    pulse_ticks: numpy.ndarray          # the counter at each pulse's arrival
    records: numpy.ndarray              # frames.RECORD; index and the flags simulated and host bit are filled in


class Message(NamedTuple):
    """What goes into the spool; it may go when everything below `end` is acknowledged."""
    kind: int
    payload: bytes
    end: int
    records: int = 0


class RunningArm:
    """Numbers the trials, fills in those whose pulses did not come, and notes clock records. No I/O."""

    def __init__(self, order, program, boot_id, flags):
        self.order, self.program, self.boot_id, self.flags = order, program, boot_id, flags
        self.made = 0
        self._clock = []
        self._last_heard = None         # pulse and tick
        self._last = None               # the same, of a pulse that was heard or missed

    @property
    def next_index(self):
        return self.order.first + self.made

    @property
    def remaining(self):
        return self.order.count - self.made

    def take(self, batch):
        """The messages of a batch; records beyond the arm's end are dropped."""
        if len(batch.records) == 0:
            return []
        messages = []
        if self._last:
            missed = batch.first_pulse - self._last[0] - 1
            if missed < 0:
                raise ValueError(f"pulse {batch.first_pulse} comes after pulse {self._last[0]}")
            if missed and self.remaining:
                messages += self._record(self._missed(min(missed, self.remaining)), heard=False)
        return messages + self._record(batch, heard=True) if self.remaining else messages

    def finish(self, reason):
        """Clock records, then ARM_END."""
        if self._last_heard and (not self._clock or self._clock[-1][0] != self._last_heard[0]):
            self._clock.append(self._last_heard)
        messages = []
        for at in range(0, len(self._clock), CLOCKS_AT_ONCE):
            part = numpy.array(self._clock[at:at + CLOCKS_AT_ONCE], frames.CLOCK_RECORD)
            messages.append(Message(frames.CLOCK, frames.clock(self.order, self.boot_id, part), self.order.end))
        messages.append(Message(frames.ARM_END, frames.arm_end(self.order, self.made, reason), self.order.end))
        return messages

    def _missed(self, count):
        """Trials whose pulses never came here; they are recorded as such, and never run later."""
        ticks = [self._last[1] + (place + 1) * self.program.period for place in range(count)]
        start, stop = self.program.first(frames.INPUT_BIT).tick, self.program.last(frames.STOP_EVENT).tick
        records = numpy.zeros(count, frames.RECORD)
        records["start_tick"] = numpy.array(ticks, "u8") + numpy.uint64(start)
        records["stop_delta"], records["flags"] = stop - start, frames.MISSED_TRIGGER
        return Batch(self._last[0] + 1, numpy.array(ticks, "u8"), records)

    def _record(self, batch, heard):
        count = min(len(batch.records), self.remaining)
        records = batch.records[:count].copy()
        records["index"] = numpy.arange(self.next_index, self.next_index + count, dtype="u8")
        records["flags"] |= self.flags
        messages = []
        for at in range(0, count, RECORDS_AT_ONCE):
            part = records[at:at + RECORDS_AT_ONCE]
            payload = frames.trials(self.order, self.boot_id, batch.first_pulse + at, part)
            messages.append(Message(frames.TRIALS, payload, int(part["index"][-1]) + 1, len(part)))
        last = (batch.first_pulse + count - 1, int(batch.pulse_ticks[count - 1]))
        if heard:  # there is no tick of a pulse that did not come
            every = self.program.clock_every
            for place in range(-self.made % every, count, every):
                self._clock.append((batch.first_pulse + place, int(batch.pulse_ticks[place])))
            self._last_heard = last
        self._last = last
        self.made += count
        return messages
