"""Circuits that ngspice proves where a rule can't: values come from the carrier's data, expectations stand in `claims`."""
