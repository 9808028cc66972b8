"""Figures that take hours or need other people's programs: each is written into build/campaign/summary.json when it is known."""
