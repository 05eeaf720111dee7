import BellCommandLine
import BellModel

/// The commands of bellctl: noun, then verb.
enum CommandTree {
    /// The whole tree; `docs/bellctl.md` is made from it.
    static let root = CommandSpec(
        name: "bellctl", summary: "Control a Bell experiment and recompute what it certified.",
        discussion: """
            belld runs the experiment, bellcert certifies it, mocklab simulates the cryostat. `bellctl lab up` starts \
            all of them, `bellctl campaign start PLAN --watch` runs a campaign to its certificate, and `bellctl campaign \
            verify` recomputes the certificate from the stored evidence.
            """,
        options: common,
        subcommands: [
            lab, status, log, device, calibrate, sequence, campaign, certificate, certify, bounds,
            extract, testRandomness, pools, keyCommand, beacon, image, doctor, completion,
        ])

    /// Options that every command takes.
    static let common: [OptionSpec] = [
        flag("json", "Print one JSON object on stdout and nothing else."),
        value("state", "DIR", "State directory; else $BELLD_STATE, else ./.belld."),
    ]

    private static let lab = group(
        "lab", "Start and stop the laboratory's programs.",
        [
            command(
                "up", "Start mocklab, bellcert and belld, and keep them running.",
                """
                Waits until both boards and the certifier are there. A program that dies later is started again. Ctrl-C \
                lets belld finish its block first; the campaign is then interrupted and goes on with the next `lab up` \
                on the same state directory, unless its plan says on_restart: wait. \
                mocklab is started only when lab.yaml puts the boards at zmq+ipc://@run/…; --profile, --seed, --pace, --fault and \
                --set are handed to it, and `mocklab --help` tells more about them.
                """,
                [
                    value("lab", "FILE", "The laboratory.", default: "Calibration/mocklab/lab.yaml"),
                    value("profile", "FILE", "mocklab's physics; else profile.yaml beside the laboratory's file."),
                    value("seed", "N", "Make mocklab repeatable."),
                    value("pace", "RATE", "mocklab's trials a second, or max; its default is max."),
                    value("fault", "FAULT", "A fault that mocklab injects, for example drop:bob@5000.", repeats: true),
                    value(
                        "set", "KEY=VALUE", "Change one value of the profile, for example link.efficiency=0.5.",
                        repeats: true),
                    flag("no-mocklab", "Another program serves the boards' endpoints."),
                    value("timeout", "SECONDS", "How long to wait until everything is ready.", default: "60"),
                    flag("detach", "Return when everything is ready; end it with `bellctl lab down`."),
                ]),
            command(
                "down", "Stop the laboratory that `lab up` started, and wait.",
                "belld finishes its block first.",
                [
                    flag("now", "Stop at the arm instead of the block."),
                    value("timeout", "SECONDS", "How long to wait.", default: "120"),
                ]),
        ])

    private static let status = command("status", "Show the daemon, its devices and the running campaign.", "", [])

    private static let log = command(
        "log", "Show the last lines of a program's log.", "Reads the file, so it works when the program is down.",
        [
            value("lines", "N", "How many lines.", short: "n", default: "20"),
            flag("follow", "Go on with new lines until Ctrl-C.", short: "f"),
            value(
                "of", "PROGRAM", "Whose log.", default: "belld", allowed: ["belld", "bellcert", "mocklab", "lab"]),
        ])

    private static let sequenceOptions: [OptionSpec] = [
        value(
            "set", "NAME=VALUE", "A parameter of an experiment, for example wait_ns=2000 or \"wait_ns=2000 ns\".",
            repeats: true),
        value("lab", "FILE", "The laboratory.", default: "Calibration/mocklab/lab.yaml"),
        value("k", "K", "A margin must exceed K uncertainties.", default: "5"),
        value(
            "input-bits", "SOURCE", "Where the input bits come from.", default: "board", allowed: ["board", "host"]),
    ]

    private static let sequence = group(
        "sequence", "Compile sequences without any device.",
        [
            command(
                "check", "Compile a sequence and say whether it can be space-like separated.",
                "An experiment of a calibration is compiled, too; it makes no claim of locality.", sequenceOptions,
                positionals: [PositionalSpec(name: "FILE", summary: "The sequence, or an experiment.")]),
            command(
                "show", "Print a sequence's timing table and write its picture.",
                """
                An experiment is shown with the defaults of its parameters, for alice unless only bob can play it; \
                --set changes parameters, in their own unit.
                """,
                sequenceOptions + [value("svg", "FILE", "The picture; else the sequence's name in this directory.")],
                positionals: [PositionalSpec(name: "FILE", summary: "The sequence, or an experiment.")]),
        ])

    private static let certify = command(
        "certify", "Analyse counts or trials that others measured.",
        """
        The result is an analysis of counts without a sealed plan and never says certified. Which setting pair carries \
        the minus sign is never guessed.
        """,
        [
            value("counts", "FILE", "CSV with the header x,y,a,b,count; lines that begin with # are skipped."),
            value("trials", "FILE", "One trial a line, see --format."),
            value(
                "format", "FORMAT",
                "Layout of --trials. eth2023: 2 or 3 header lines, then a,A,b,B with inputs 0 or 1, outputs +1 or -1.",
                allowed: ["eth2023"]),
            value("n", "N", "How many trials there were; refused when the counts add up to another number."),
            value(
                "minus-on", "XY", "The setting pair with the minus sign.", allowed: ["00", "01", "10", "11"]),
            value("bias", "TAU", "Bound on the setting bits' bias, 0 ≤ TAU < 0.5.", default: "0"),
            value("delta", "DELTA", "Error probability δ of the min-entropy bound.", default: "0.01"),
            value("epsilon", "EPSILON", "Error probability ε′ of its sound form; above δ.", default: "0.1"),
        ])

    private static let bounds = command(
        "bounds", "Show what every bound would make of expected data, side by side.",
        """
        Local realism by two tests, min-entropy against classical and quantum side information; docs/bounds.md tells their \
        assumptions. Uniform settings and no losses are expected; MU is what the adversary may hold. Nothing of it is certified.
        """,
        [
            value("trials", "N", "n.", short: "n", default: "1048576"),
            value("s", "S", "The CHSH value that is expected.", default: "2.236"),
            value("mu", "MU", "Bound on the setting bits' bias, 0 ≤ MU < 0.5.", default: "0"),
            value("epsilon", "E", "Every error probability: smoothing, event, significance.", default: "1e-6"),
            value("sweep", "OVER", "A table over one quantity instead.", allowed: ["mu", "s", "n"]),
            value(
                "expansion", "LAW",
                "Bits produced and consumed over n instead, for settings uniform, joint:ALPHA or product:GAMMA."),
            value("delta", "DELTA", "Error of the estimate, for --expansion.", default: "0.01"),
            flag("plot", "The sweep or expansion as a plot."),
            value("svg", "FILE", "That plot as a picture."),
        ])

    private static let doctor = command(
        "doctor", "Say what is missing on this machine, and the command that mends it.", "",
        [
            value("trials", "N", "Size of the campaign for the disk forecast.", default: "1048576")
        ])

    private static let completion = command(
        "completion", "Print a completion script for a shell.",
        "For bash: source <(bellctl completion bash)", [],
        positionals: [PositionalSpec(name: "SHELL", summary: "bash, zsh or fish.")])
}

extension CommandTree {
    static func group(_ name: String, _ summary: String, _ commands: [CommandSpec]) -> CommandSpec {
        CommandSpec(name: name, summary: summary, options: common, subcommands: commands)
    }

    static func command(
        _ name: String, _ summary: String, _ discussion: String, _ options: [OptionSpec],
        positionals: [PositionalSpec] = []
    ) -> CommandSpec {
        CommandSpec(
            name: name, summary: summary, discussion: discussion, options: options + common, positionals: positionals)
    }

    static func flag(_ name: String, _ help: String, short: Character? = nil) -> OptionSpec {
        OptionSpec(name: name, short: short, summary: help)
    }

    static func value(
        _ name: String, _ placeholder: String, _ help: String, short: Character? = nil, default: String? = nil,
        allowed: [String] = [], repeats: Bool = false
    ) -> OptionSpec {
        OptionSpec(
            name: name, short: short, summary: help, placeholder: placeholder, default: `default`, allowed: allowed,
            repeats: repeats)
    }
}
