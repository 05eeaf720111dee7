import BellCommandLine

extension CommandTree {
    private static let what = PositionalSpec(
        name: "WHAT", summary: "Routines, places, quantities, or alice/rabi-amplitude; none: everything.",
        isOptional: true, isRepeated: true)
    private static let node = value("node", "NODE", "Only what is done at this node.", allowed: ["alice", "bob"])
    private static let plot = flag("plot", "Show every routine's figure, not only of failures and single routines.")
    private static let by = value("by", "NAME", "Who decides; else $USER.")

    static let calibrate = group(
        "calibrate", "Measure the laboratory's values, and see how good and how old they are.",
        [
            command(
                "run", "Make values right again, doing as little as possible.",
                """
                What WHAT needs is seen to first: values that are young enough are left, older ones checked by a few shots, \
                and only what is out of spec is calibrated; bad data lead down to what moved. Values are proposed; \
                `bellctl calibrate accept RUN` brings them into force, with --accept it is done at once within the bounds of \
                the files. Ctrl-C ends it, and every value that was not accepted stays as it was. Exit code 0 when all is \
                good, 1 when something is out of spec or its data are bad, 3 when a device failed, 130 after Ctrl-C.
                """,
                [
                    node, flag("force", "Calibrate WHAT although it is young and in spec."),
                    flag("accept", "Bring good values into force at once."),
                    flag("propose-only", "Let good values wait for `accept`; this is the default."), plot, by,
                ], positionals: [what]),
            command(
                "bring-up", "Calibrate everything from nothing, in order.",
                """
                As for a laboratory that was just cooled down: nothing that is known counts, each routine builds on the ones \
                before, and those that later ones improve are done once more. Good values within the bounds of the files \
                come into force by themselves, accepted by bring-up.
                """,
                [node, flag("propose-only", "Let good values wait for `accept`."), plot, by], positionals: [what]),
            command(
                "check", "Check by a few shots whether values are right, and change nothing.",
                "Exit code 0 when all are good, 1 when one is not.", [node, plot, by], positionals: [what]),
            command(
                "status", "Show all values with age, last check and verdict.",
                "Reads files and history only; nothing is measured.",
                [value("node", "PLACE", "Only this node, or the link.", allowed: ["alice", "bob", "link"])]),
            command(
                "accept", "Bring proposed values into force.",
                "Writes the laboratory's files, with comments and order kept; refused outside of the bounds that stand there.",
                [by], positionals: [PositionalSpec(name: "RUN", summary: "A run, or the path of one value.")]),
            command(
                "refuse", "Let proposed values not come into force.",
                "They stay in the history; who changes his mind can still `accept` the run by its name.", [by],
                positionals: [PositionalSpec(name: "RUN", summary: "A run, or the path of one value.")]),
            command(
                "cancel", "End the calibration that is under way.",
                "Every value that was not accepted stays as it was; the boards' outputs are switched off.", []),
            command(
                "history", "Show how a value or a metric went over time.",
                """
                For example `bellctl calibrate history alice.half_pi_amplitude --since 7d --plot`. Metrics are what \
                `calibrate show RUN` lists as found: alice.rabi_frequency_full_scale.
                """,
                [
                    value("since", "SPAN", "Only of the last 90s, 30min, 12h, 7d or 2w."),
                    flag("plot", "Draw it."), value("svg", "FILE", "Write the plot as a picture."),
                    flag("csv", "Print comma-separated values."),
                ],
                positionals: [
                    PositionalSpec(
                        name: "PATH", summary: "For example alice.t1, link.link_phase, or alice.pi2.amplitude.")
                ]),
            command(
                "show", "Show what a run found, with its plots.", "",
                [
                    value("svg", "FILE", "Write the figures as a picture."),
                    value("html", "FILE", "Write the report as a page that stands alone."),
                ], positionals: [PositionalSpec(name: "RUN", summary: "Its name, as `run` and `status` print it.")]),
            command("routines", "List what can be calibrated.", "", []),
        ])
}
