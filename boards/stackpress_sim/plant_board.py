"""The plant where a board has its wires: it reads the valve words of the blackboard and writes the sampled ones.

A change of the tick rate needs a new plant, because every coefficient holds for one rate; the press is then in its safe
state with the ram back, so a new one differs from the old only in what the specimen remembers.
"""

from array import array

from stackpress_core.tick import blackboard
from stackpress_core.tick.tick import tick
from stackpress_plant.plant import Plant, words_of
from stackpress_plant.step import step
from uctypes import addressof

from stackpress_sim import truth, watch


class PlantBoard:
    """`native`: whether the ticks run as machine code (stackpress_ticks.mpy) or as the stages' viper."""

    def __init__(self, spec, seed, native, truth):
        self._spec, self._seed = spec, seed
        self.hz = 0
        self.plant = None
        self.watch = watch.Watch()
        self._truth = truth
        self._blackboard = self._ring = self._arrays = self._addresses = self._at = None
        self._ticks = None
        if native:
            from stackpress_ticks import stackpress_ticks  # type: ignore[import-not-found]  # made by the host

            self._ticks = stackpress_ticks

    def wire(self, blackboard, ring):
        """The press's words and its flight recorder."""
        self._blackboard, self._ring = blackboard, ring

    def at_rate(self, hz):
        """Make the plant for ticks of `hz`; faults that are set stay set."""
        self.hz = hz
        self.renew(self._spec)

    def renew(self, spec):
        """Another press with another specimen, from `stackpress_plant.load`; raises what a wrong one makes Plant raise."""
        active = dict(self.plant.active) if self.plant else {}
        fresh = Plant(spec, self.hz, self._seed, words_of(blackboard.AT))
        self._spec, self.plant = spec, fresh
        for name, value in active.items():
            self.plant.fault(name, value)
        self._arrays = self._blackboard, fresh.P, self._ring, self._truth.words, self._truth.text, self.watch.words
        self._addresses = array("q", [addressof(each) for each in self._arrays])
        self._at = addressof(self._addresses)

    def run(self, count):
        """At most `count` ticks of plant and press, until something that is watched changes; gives how many.

        The valve of the tick before acts, then the sensors are read.
        """
        watch.arm(self._blackboard, self.watch.words)
        return self._ticks(count, self._at) if self._ticks else _run(count, *self._arrays)

    def insert(self, specimen):
        """Another specimen, a record from `stackpress_plant.load`; the ram goes back to its rest."""
        self._spec["specimen"] = specimen
        self.plant.load_specimen(specimen)


def _run(count, S, P, ring, T, text, W, step=step, tick=tick, note=truth.look, look=watch.look):
    """Without machine code this loop is most of what the simulated press does."""
    ran = 0
    while ran < count:
        step(S, P)
        tick(S, ring)
        note(S, P, T, text, W)
        look(S, W)
        ran += 1
        if W[0]:
            break
    return ran
