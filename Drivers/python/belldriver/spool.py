"""What a board keeps until the host has it on disk."""
from collections import deque


class Spool:
    """Messages that are not acknowledged, oldest first; stops rather than overwrites."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.used = 0
        self._items = deque()  # (campaign, end, records, kind, payload)

    @property
    def free(self):
        return self.capacity - self.used

    def keep(self, campaign, end, kind, payload, records=0):
        """Keeps a message that may go when everything below `end` is acknowledged; `records` of them take room."""
        self._items.append((campaign, end, records, kind, payload))
        self.used += records

    def acknowledge(self, campaign, following):
        """Drops what lies wholly below the index `following` of a campaign."""
        if following == 2**64 - 1:
            following = 2**64  # everything, an arm that ends at 2^64 included
        kept = deque()
        for item in self._items:
            if item[0] == campaign and item[1] <= following:
                self.used -= item[2]
            else:
                kept.append(item)
        self._items = kept

    def messages(self):
        """All that is kept, as (kind, payload)."""
        return [item[3:] for item in self._items]
