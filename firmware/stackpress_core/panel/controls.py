"""The buttons at the press itself: start, stop, acknowledge and select. What they can't have is told on the panel.

Stop releases at the program's rate, however often it is pressed: a hand that strikes it twice means one stop. Held for three
seconds it vents.
"""

from stackpress_core.errors import Refused
from stackpress_core.log import records
from stackpress_core.switches import Buttons
from stackpress_core.tick import blackboard, states


class Controls:
    """Gives what is pressed to `operator` and `panel`."""

    def __init__(self, readings, operator, panel, events, scheduler):
        self.readings = readings
        self.operator = operator
        self.panel = panel
        self.events = events
        self.scheduler = scheduler
        self.buttons = Buttons()
        self.acts = (("stop", self._stop), ("reset", self._reset), ("start", self._start), ("select", panel.select))

    def look(self):
        """The first one that acts counts."""
        buttons = self.buttons
        down = buttons.pressed(self.readings.inputs, self.scheduler.wall_ms)
        vents = buttons.long_stop(self.scheduler.wall_ms)
        if buttons.settling or buttons.stop_is_held:
            self.scheduler.look()
        if not down and not vents:
            return
        try:
            if vents:
                self.operator.stop("vent")
                return
            for name, act in self.acts:
                if down & blackboard.IN[name]:
                    act()
                    return
        except Refused as refusal:
            self.events.note(records.EVENT_REFUSED, 0, 0, refusal.text)
            self.panel.refused(refusal.text)

    def _stop(self):
        self.operator.stop("controlled")

    def _reset(self):
        self.panel.acknowledged()
        self.operator.reset()

    def _start(self):
        """Go on where somebody is waited for; else arm and start the program that the panel shows."""
        if self.panel.runner.waits_for_person:
            self.operator.steer("go_on")
            return
        name = self.panel.to_start()
        if self.readings.state == states.SAFE:
            self.operator.arm()
        self.operator.start(name, from_host=False)
