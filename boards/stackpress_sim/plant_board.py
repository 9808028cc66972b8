"""The plant where a board has its wires: it reads the valve words of the frame and writes the sampled ones.

A change of the tick rate needs a new plant, because every coefficient holds for one rate; the press is then in its safe
state with the ram back, so a new one differs from the old only in what the specimen remembers.
"""

from stackpress_core.tick import words
from stackpress_plant.plant import Plant, words_of
from stackpress_plant.step import step


class PlantBoard:
    def __init__(self, spec, seed):
        self._spec, self._seed = spec, seed
        self.hz = 0
        self.plant = None

    def at_rate(self, hz):
        """Make the plant for ticks of `hz`; faults that are set stay set."""
        active = dict(self.plant.active) if self.plant else {}
        self.hz = hz
        self.plant = Plant(self._spec, hz, self._seed, words_of(words.AT))
        for name, value in active.items():
            self.plant.fault(name, value)

    def renew(self, spec):
        """Another press with another specimen, from `stackpress_plant.load`; raises what a wrong one makes Plant raise."""
        active = dict(self.plant.active)
        fresh = Plant(spec, self.hz, self._seed, words_of(words.AT))
        self._spec, self.plant = spec, fresh
        for name, value in active.items():
            self.plant.fault(name, value)

    def run(self, ticks, tick, S, ring, step=step):
        """`ticks` ticks of plant and press; this loop is most of what the simulated press does.

        The valve of the tick before acts, then the sensors are read.
        """
        P = self.plant.P
        for _ in range(ticks):
            step(S, P)
            tick(S, ring)

    def insert(self, specimen):
        """Another specimen, a record from `stackpress_plant.load`; the ram goes back to its rest."""
        self._spec["specimen"] = specimen
        self.plant.load_specimen(specimen)
