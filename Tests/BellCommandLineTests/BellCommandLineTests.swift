import BellCommandLine
import BellModel
import Testing

private let tree = CommandSpec(
    name: "tool", summary: "Does things.",
    subcommands: [
        CommandSpec(
            name: "campaign", summary: "Runs campaigns.",
            subcommands: [
                CommandSpec(
                    name: "start", summary: "Starts one.", discussion: "More words.",
                    options: [
                        OptionSpec(name: "watch", short: "w", summary: "Follow it."),
                        OptionSpec(name: "pace", summary: "Trials a second.", placeholder: "N", default: "max"),
                        OptionSpec(
                            name: "format", summary: "The format.", placeholder: "F", allowed: ["csv", "json"]),
                        OptionSpec(name: "set", summary: "A value.", placeholder: "K=V", repeats: true),
                    ],
                    positionals: [
                        PositionalSpec(name: "PLAN", summary: "The plan."),
                        PositionalSpec(name: "NAME", summary: "A name.", isOptional: true),
                    ])
            ])
    ])

@Suite struct CommandLineTests {
    @Test("options may stand before and after positionals, with a space or an equals sign")
    func options() throws {
        let line = ["campaign", "start", "--pace=5", "p.yaml", "-w", "--set", "a=1", "--set", "b=2", "--", "--odd"]
        let command = try tree.parse(line)
        #expect(command.request == .run)
        #expect(command.path == ["campaign", "start"])
        #expect(command.positionals == ["p.yaml", "--odd"])
        #expect(command.value("pace") == "5")
        #expect(command.flag("watch"))
        #expect(command.values("set") == ["a=1", "b=2"])
        #expect(try tree.parse(["campaign", "start", "p"]).value("pace") == "max")
        #expect(try !tree.parse(["campaign", "start", "p"]).flag("watch"))
    }

    @Test(
        "what is wrong is named, with the nearest word",
        arguments: [
            (["campain"], "did you mean \"campaign\"?"),
            (["campaign", "strat", "p"], "did you mean \"start\"?"),
            (["campaign", "start", "--wacth", "p"], "did you mean \"--watch\"?"),
            (["campaign", "start", "--format", "cvs", "p"], "did you mean \"csv\"?"),
            (["campaign", "start"], "write tool campaign start [options] PLAN [NAME]"),
            (["campaign", "start", "a", "b", "c"], "write tool campaign start [options] PLAN [NAME]"),
            (["campaign", "start", "p", "--pace"], "write --pace N"),
            (["campaign", "start", "p", "--watch=yes"], "write --watch"),
            (["campaign", "start", "p", "--pace", "1", "--pace", "2"], "give it once"),
            (["campaign"], "start; see `tool campaign --help`"),
        ])
    func mistakes(line: [String], fix: String) {
        let error = #expect(throws: BellError.self) { try tree.parse(line) }
        #expect(error?.code == .usage)
        #expect(error?.fix?.contains(fix) == true, "\(error?.fix ?? "")")
    }

    @Test("help is answered at every level, whatever else is wrong")
    func help() throws {
        #expect(try tree.parse([]).request == .help(tree.helpText))
        guard case .help(let text) = try tree.parse(["campaign", "start", "--nonsense", "-h"]).request else {
            Issue.record("no help")
            return
        }
        #expect(
            text == """
                Starts one.

                usage: tool campaign start [options] PLAN [NAME]

                More words.

                arguments:
                  PLAN    The plan.
                  [NAME]  A name.

                options:
                  -w, --watch  Follow it.
                  --pace N     Trials a second. Default: max.
                  --format F   The format. One of csv, json.
                  --set K=V    A value. May be repeated.
                  -h, --help   Show this.
                  --version    Show the version.

                """)
        #expect(try tree.parse(["campaign", "--version"]).request == .version)
    }

    @Test("completion scripts name every command and option", arguments: Shell.allCases)
    func completion(shell: Shell) {
        let script = tree.completionScript(shell)
        for word in ["campaign", "start", "watch", "csv json"] { #expect(script.contains(word), "\(word)") }
    }

    @Test("a bar fits its terminal at any width and fraction", arguments: [0, 1, 5, 12, 20, 40, 80, 200])
    func bar(width: Int) {
        for fraction in [-1, 0, 0.001, 0.5, 0.999, 1, 2, .nan] {
            let text = ProgressBar(fraction: fraction, fields: ["S 2.24 ± 0.01", "p 1e-9", "50000/s"], width: width)
                .text
            #expect(text.count <= max(0, width - 1))
        }
        #expect(ProgressBar(fraction: 0.5, fields: [], width: 80).text == " 50% ▕███████████████               ▏")
    }
}
