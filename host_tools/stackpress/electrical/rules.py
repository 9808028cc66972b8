"""The table of electrical rules: name, what it checks, where that is written; and the judge that runs them over a circuit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import bridges, contacts, safety, state_machines, supplies, valve_drivers, wiring
from .circuit import Circuit

Check = Callable[[Circuit], Iterator[str]]


@dataclass(frozen=True)
class Rule:
    name: str
    checks: str
    source: str
    check: Check


@dataclass(frozen=True)
class Verdict:
    rule: Rule
    found: tuple[str, ...]

    @property
    def good(self) -> bool:
        return not self.found

    def as_dict(self) -> dict[str, object]:
        """The same for `--json`."""
        rule = self.rule
        return {"name": rule.name, "checks": rule.checks, "source": rule.source, "good": self.good, "found": self.found}


RULES: tuple[Rule, ...] = (
    Rule("roles", "each role of board.toml is the net at its GPIO", "boards/README, Four layers", wiring.roles_are_wired),
    Rule("pins", "a part is wired at pins that it has, and none of its inputs is left open", "pin tables", wiring.pins_are_known),
    Rule("ends", "no net has one end only", "-", wiring.nets_have_two_ends),
    Rule("drivers", "no two outputs drive one net, none a supply", "-", wiring.one_driver_a_net),
    Rule("levels", "what drives a pin reaches its high and its low, over the supplies' tolerance", "electrical characteristics",
         wiring.levels_fit),
    Rule("bears", "no pin is driven above what it bears", "absolute maxima", wiring.inputs_bear_their_drivers),
    Rule("unpowered", "no part without supply is fed through its inputs", "absolute maxima; TI E2E 484854",
         wiring.one_side_without_supply),
    Rule("slip", "24 V on a wire that leaves the carrier kill no pin", "absolute maxima", wiring.a_slip_kills_no_pin),
    Rule("pulls", "a broken wire or a chip in reset is the level that permits nothing", "boards/README, The first layer",
         wiring.pulls_are_safe),
    Rule("rp2350_e9", "pull-downs hold an input of an RP2350", "erratum RP2350-E9", wiring.pulldowns_hold_an_rp2350),
    Rule("expander", "GPA7 and GPB7 of the expander are no inputs", "DS20001952 rev D", wiring.expander_pins_are_outputs),
    Rule("i2c", "pull-ups for 400 kHz that its outputs can hold, with those that boards bring", "UM10204 7.1", wiring.i2c_rises),
    Rule("i2c_address", "each chip on the I2C answers where its driver asks", "SSD1306 rev 1.4 8.1.5, DS20001952",
         wiring.i2c_answers),
    Rule("gpio_current", "the processor's pins together give and take no more than they may", "RP2040 5.2.3.4, RP2350 14.9.4",
         wiring.outputs_give_together_what_they_may),
    Rule("orders", "each part and connector can be ordered", "-", wiring.everything_can_be_ordered),
    Rule("supplies", "each supply pin has a supply in its range", "recommended conditions", supplies.supplies_are_in_range),
    Rule("headroom", "each regulator has its drop-out, and its rail is what it gives", "data sheets; TPS22918 SLVSD76C",
         supplies.regulators_have_headroom),
    Rule("output_capacitor", "each regulator has the capacitor that it is stable with", "SBOS410O 8.4.1, TSR 1 page 2",
         supplies.regulators_have_their_output_capacitor),
    Rule("budget", "no rail gives more than nine tenths of what it can", "supply currents", supplies.rails_give_enough),
    Rule("bypass", "each supply pin has its capacitor", "layout sections", supplies.supplies_are_bypassed),
    Rule("capacitor_volts", "no capacitor is above four fifths of its rating", "-", supplies.capacitors_bear_their_rail),
    Rule("vsys_diode", "the 5 V reach VSYS through a Schottky diode", "Pico datasheet 4.5", supplies.vsys_has_its_diode),
    Rule("brown_out", "a supervisor holds RUN before 3.3 V are too low for the flash", "RP2040 2.12.3, W25Q128JV 9.2",
         supplies.brown_out_resets),
    Rule("hold_up", "the electronics live until the last record is written", "W25Q128JV 9.6", supplies.the_last_record_is_written),
    Rule("supply_threshold", "supply_ok is between what valves want and what the supply may be", "Maxim 19-4144",
         supplies.supply_threshold_is_right),
    Rule("supply_behind_relay", "supply_ok tells as well that the safety relay is in", "relay's data sheet",
         supplies.supply_is_watched_behind_the_relay),
    Rule("supply_polarity", "a good supply reads as good, a failing one and each broken wire as bad", "Maxim 19-4144",
         supplies.good_supply_reads_as_good),
    Rule("excitation_watch", "the bridges' supply is watched", "SBASA13A: no burn-out sources", supplies.excitation_is_watched),
    Rule("ten_volts", "the amplifier has supply enough for 10 V", "SBOS620", supplies.the_drive_reaches_ten_volts),
    Rule("reference", "the DAC's reference is not above its supply", "SLAS429E 6.3", supplies.references_are_below_their_supply),
    Rule("drive_off", "without the permissive the whole DAC chain has no supply and 0 V come out", "boards/pico",
         supplies.the_drive_ends_with_the_permissive),
    Rule("heat", "no resistor takes more than 0.7 of its rating", "-", supplies.resistors_stay_cool),
    Rule("full_scale", "rated force is below the rail that trips, over the excitation's tolerance", "SBASA13A 8.3.3, HX711",
         bridges.the_bridge_fits_the_range),
    Rule("common_mode", "both inputs are in the range of the gain", "SBASA13A 6.3, HX711", bridges.the_common_mode_fits),
    Rule("signal_wire", "a broken signal wire of a bridge goes to the rail", "SBASA13A: no burn-out sources",
         bridges.a_broken_signal_wire_goes_to_the_rail),
    Rule("bias", "what pulls the signal wires moves the zero by less than 1 %", "-", bridges.the_bias_moves_no_zero),
    Rule("filter", "the filter before the converter is short against a tick", "-", bridges.the_filter_is_fast),
    Rule("bridge_unpowered", "a converter without supply is not fed by the bridges", "SBASA13A 6.1",
         bridges.an_unpowered_converter_is_not_fed),
    Rule("oscillator", "the oscillator is the one that board.toml names", "SBASA13A 8.3.5",
         bridges.the_oscillator_is_the_one_that_is_set),
    Rule("hx711_rate", "RATE is at its GPIO where board.toml says 80 SPS", "HX711", bridges.the_rate_is_not_strapped),
    Rule("one_shot", "the one-shot outlives a late tick, over tolerance of part, R and C", "SCES586D 6.9",
         safety.the_one_shot_outlives_a_tick),
    Rule("one_shot_end", "the permissive drops in time, over tolerance", "SCES586D 6.9", safety.the_one_shot_ends),
    Rule("retrigger", "the fastest tick triggers it again", "74HC123 note 2; SCES586D 6.6", safety.the_one_shot_is_triggered_again),
    Rule("one_shot_c", "its capacitor is C0G or film", "-", safety.the_timing_capacitor_is_stable),
    Rule("one_shot_pins", "its capacitor is between its two pins, its resistor to its supply", "SCES586D 5, 6.3",
         safety.the_timing_parts_are_at_their_pins),
    Rule("permissive", "the permissive is in the load circuit behind the relay, in no channel of it", "relay's data sheet",
         safety.the_permissive_is_behind_the_relay),
    Rule("welded", "two relay contacts in series break whatever moves the ram", "ISO 13849-1 6.2.6",
         safety.both_contacts_break_the_valves),
    Rule("discrepancy", "each switch of the chain opens both channels", "relay's data sheet", safety.both_channels_open_together),
    Rule("fets", "each FET turns on whole and off by itself", "gate characteristics", valve_drivers.fets_turn_on_whole),
    Rule("valve_drivers", "valve drivers are specified at 3.3 V", "ST 15586, DS37133", valve_drivers.valve_drivers_turn_on_whole),
    Rule("coils", "drivers bear their coils' current and energy", "DS37133, clamping energy",
         valve_drivers.drivers_bear_their_coils),
    Rule("switched_coils", "the coils' current has a way when relay or permissive open", "ZXMP7A17G, 70 V",
         valve_drivers.switched_coils_have_a_way),
    Rule("freewheel", "a coil on PWM has its diode", "-", valve_drivers.pwm_coils_have_their_diode),
    Rule("wetting", "contacts get the volts and milliamperes that they want", "contact catalogues", contacts.contacts_are_wetted),
    Rule("opto", "opto-couplers have twice the transfer that is wanted", "TLP293 rev 6", contacts.opto_couplers_have_reserve),
    Rule("opto_reverse", "opto-couplers bear exchanged wires", "TLP293 rev 6", contacts.diodes_are_protected_backwards),
    Rule("switch_time", "a switch is at its pin within half a millisecond", "TLP293 rev 6, RC", contacts.switches_are_read_in_time),
    Rule("trigger", "the trigger's high is what a potentiostat takes", "BioLogic SP-240 manual",
         contacts.the_trigger_fits_the_potentiostat),
    Rule("dividers", "state machines run at whole dividers of the clock", "RP2350 11.5.5", state_machines.dividers_are_whole),
    Rule("data_read", "data is there when it is read, and no clock is too fast", "SBASA13A 6.6, SLAS429E 6.6",
         state_machines.data_is_there_when_it_is_read),
)  # fmt: skip


def judge(circuit: Circuit) -> list[Verdict]:
    """Every rule's verdict, in the order of the table."""
    return [Verdict(rule, tuple(rule.check(circuit))) for rule in RULES]
