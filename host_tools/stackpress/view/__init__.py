"""How a press looks in a terminal: what is shown (snapshot), a live picture of it (dashboard), plain lines (plain)."""
