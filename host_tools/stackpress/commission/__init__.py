"""The first day on the bench: from what a machine is made of to the numbers of its press file, measured and signed."""
