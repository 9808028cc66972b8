"""`stackpress reference` and `thickness`: what a die and its frame give way by, and what is left of travel for the specimen."""

from typing import Annotated

import typer

from .log import Data, RunName
from .options import Json, single
from .output import Output, plural

APPS = {"reference": single(), "thickness": single()}

Blank = Annotated[float, typer.Option("--thickness-um", min=0, max=1e5, help="Of the rigid blank; 0: punch stood on punch.")]
Blanks = Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help="Runs on the blank; without one: what is kept.")]
Sure = Annotated[float, typer.Option("--uncertain-um", min=0, max=1e4, help="Standard uncertainty of that.")]
Scale = Annotated[float, typer.Option("--scale-um", min=0, max=1e4, help="Standard uncertainty of the press's scale.")]


@APPS["reference"].command()
def reference(
    runs: Blanks = None,
    die: Annotated[str, typer.Option("--die", help="What the die is called, as the key `die` of a specimen.")] = "",
    thickness_um: Blank = 0.0,
    uncertain_um: Sure = 1.0,
    scale_um: Scale = 0.5,
    data: Data = None,
    json: Json = False,
) -> None:
    """Keep what die and frame give way by, from runs on a rigid blank or on the empty die: travel then gives thickness."""
    import polars as pl

    from ..logs.compliance import fit, keep, kept
    from ..logs.runs import document, find
    from ..logs.store import Store

    out = Output(json)
    with Store(data) as store:
        folder = store.folder
        found = [find(store, name) for name in runs or []]
    if found:
        sides = [document(one) for one in found]
        area = sides[0].get("area_m2")
        named = die or (f"{area * 1e6:.0f}mm2" if area else "die")
        made = fit([pl.read_parquet(one.parquet) for one in found], found[0].board, named, area, [one.run_id for one in found],
                   thickness_um * 1e-6, uncertain_um * 1e-6, scale_um * 1e-6)  # fmt: skip
        keep(folder, made)
    every = kept(folder)
    for one in every:
        forces = f"{one.force_n[0]:.0f} to {one.force_n[-1]:.0f} N"
        out.say(f"{one.board}, die {one.die}: {forces}, {one.stiffness_n_m * 1e-6:.1f} N/µm, "
                f"± {2e6 * max(one.u_m):.1f} µm, of {plural(len(one.runs), 'run')}")  # fmt: skip
    if not every:
        out.progress("No reference is kept: name a run on a rigid blank.")
    out.answer({"references": [vars(one) for one in every]})


@APPS["thickness"].command()
def thickness(run: RunName = "", data: Data = None, json: Json = False) -> None:
    """Thickness, density, porosity and stiffness of a run's specimen at the end of each step, with uncertainties (k = 2)."""
    import polars as pl

    from ..logs.compliance import NoReference, fitting
    from ..logs.runs import document, find
    from ..logs.store import Store
    from ..logs.thickness import HEAD, steps, texts

    out = Output(json)
    with Store(data) as store:
        found, folder = find(store, run), store.folder
    side = document(found)
    made = fitting(folder, side)
    if made is None:
        raise NoReference(f"no reference is kept for the die of {found.run_id}",
                          "Press a rigid blank in it, then: stackpress reference RUN --thickness-um 10000")  # fmt: skip
    told = steps(side, pl.read_parquet(found.parquet), made)
    out.table(HEAD, texts(told.steps))
    for note in told.notes:
        out.progress(note)
    out.answer({"run": found.run_id, "steps": told.steps, "notes": told.notes})
