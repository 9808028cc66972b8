"""A program that is over soon: contact, a ramp, a hold as long as a test wants it, and a release where one is asked for."""


def short(
    to_n: float = 3000, hold_s: float = 3600, rate: float = 3000, release: bool = True, name: str = "short", more: str = ""
) -> str:
    """The text of its file; `more` are lines of the head."""
    steps = (("contact", {"to_n": 50}), ("ramp", {"to_n": to_n, "rate_n_per_s": rate}), ("hold", {"for_s": hold_s}))
    end = (("release", {"rate_n_per_s": rate}),) if release else ()
    lines = [f'name = "{name}"', "die_mm = 13", *filter(None, [more])]
    for kind, values in (*steps, *end):
        lines += ["[[step]]", f'do = "{kind}"', *(f"{key} = {value}" for key, value in values.items())]
    return "\n".join(lines) + "\n"
