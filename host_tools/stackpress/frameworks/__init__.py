"""The press as other people's frameworks want an instrument; each module needs its framework, nothing else does."""
