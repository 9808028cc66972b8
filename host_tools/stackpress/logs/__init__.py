"""What presses have logged: pulled, dated, exported, drawn.

    with stackpress.open() as press, Store() as store:
        result, changed = pull.pull_press(press, store, shown=True)     # raw records -> runs
    run = runs.find(store)                                              # the newest, or by a piece of its name
    export.export(run, folder, "log")                                   # log.csv, log.press.parquet, log.json, ...
    plot.plot(run.parquet, runs.document(run), folder / "plot.png")
    report.report(run, folder / "report.html")

Nothing heavy is imported here: numpy comes with decoding, polars and matplotlib only when a table or a picture is made.
"""
