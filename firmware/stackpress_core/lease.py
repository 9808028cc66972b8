"""The host's lease: a program may ask for a stop when its host is no longer heard."""

from stackpress_core.log import records
from stackpress_core.tick import blackboard, interlock

AT = blackboard.AT
_SIG_LEASE = AT["SIG_LEASE"]
REACTION_AT = blackboard.row_at(interlock.NAMES.index("host_lease")) + blackboard.ROW_REACTION
GRACE_MS = 15000
WALL_MASK = (1 << 30) - 1


class Lease:
    """`ask` at the start of a run, `renew` by the host; what a loss does is an interlock row's business."""

    def __init__(self, S, runner, events, scheduler):
        self.S = S
        self.runner = runner
        self.events = events
        self.scheduler = scheduler
        self.until = -1  # wall time at which the host counts as gone, -1 while nobody asks

    def ask(self, policy, from_host):
        """What the program says about a host that is lost; one that started it has a while to renew its lease."""
        self.S[_SIG_LEASE] = 0
        self.until = -1
        if policy != "carry_on":
            self.S[REACTION_AT] = interlock.RAMP if policy == "ramp_down" else interlock.HOLD
            if from_host:
                self.renew(GRACE_MS)

    def renew(self, ms):
        """The host is there, for `ms` of wall time from now."""
        self.until = (self.scheduler.wall_ms + ms) & WALL_MASK
        self.S[_SIG_LEASE] = 0

    def look(self):
        if self.until < 0:
            return
        left = (self.until - self.scheduler.wall_ms) & WALL_MASK
        if left <= WALL_MASK >> 1:
            self.scheduler.at(self.scheduler.now_ms + left + 1)
            return
        self.until = -1
        # a stop that is under way goes on to its end without the host
        if self.runner.active and self.runner.state != "stopping" and self.runner.host_loss != "carry_on":
            self.events.tell(records.EVENT_HOST_LOST)
            self.S[_SIG_LEASE] = 1
