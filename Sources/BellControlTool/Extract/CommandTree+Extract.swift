import BellCommandLine
import BellModel
import BellRandomness

extension CommandTree {
    private static let demand: [OptionSpec] = [
        value("k1", "BITS", "Min-entropy of source one given what the adversary holds."),
        value("k2", "BITS", "Min-entropy of source two."),
        value("bias", "MU", "Or: source two is a Santha-Vazirani source of this bias, 0 ≤ MU < 0.5."),
        value("epsilon", "E", "Distance of the output from uniform, for example 1e-12 or 2^-64.", default: "2^-64"),
        value(
            "security", "AGAINST", "Side information that the error holds against.", default: "quantum-markov",
            allowed: ExtractorSecurity.allCases.map(\.rawValue)),
        value("bits", "M", "Output bits; else as many as there are."),
    ]

    static let extract = group(
        "extract", "Turn weak bits into near-perfect ones, and repeat it.",
        [
            command(
                "plan", "Say what each extractor could give, and choose one.",
                "Reads no bits. docs/extractors.md has the formulas. Ends with 2 when nothing gives what is asked for.",
                [
                    value("n1", "BITS", "Length of source one."), value("n2", "BITS", "Length of source two."),
                ] + demand),
            command(
                "run", "Extract from files of packed bits.",
                """
                Files are raw bytes, most significant bit first; - is the standard input. Inputs longer than the extractor \
                takes are cut at their end, and the entropy of what is cut is given up. Both inputs must pass the health \
                tests of SP 800-90B. FILE.recipe.json beside the output says how to repeat it. Whether the sources are \
                independent, and have the entropies that are claimed, no program can see.
                """,
                [
                    value(
                        "extractor", "KIND", "Which one; else the one that `extract plan` chooses.",
                        allowed: ExtractorKind.allCases.map(\.rawValue)),
                    value("output", "FILE", "The output, or - for the standard output."),
                    value("recipe", "FILE", "The recipe; else the output's name with .recipe.json behind it."),
                    value("source-bits", "N", "Bits in SOURCE; else 8 a byte."),
                    value("second-bits", "N", "Bits in SECOND; else 8 a byte."),
                    flag("test-vector", "Take inputs that fail health tests; the recipe says so."),
                ] + demand,
                positionals: [
                    PositionalSpec(name: "SOURCE", summary: "Source one."),
                    PositionalSpec(
                        name: "SECOND", summary: "Source two or seed; von-neumann has none.", isOptional: true),
                ]),
            command(
                "verify", "Repeat an extraction bit for bit.",
                """
                Inputs may be longer than the recipe's; what comes after is not looked at. The output's file is compared, \
                too, when it is named or lies beside the recipe. A campaign's extraction (campaign:ID, or the recipe.json of its \
                folder) needs no files: journal, certificate and second source lie beside it. Ends with 4 when anything differs.
                """,
                [
                    value("output", "FILE", "The output; else the recipe's name without .recipe.json, if it is there."),
                    key,
                ],
                positionals: [
                    PositionalSpec(name: "RECIPE", summary: "The recipe, or campaign:ID."),
                    PositionalSpec(
                        name: "SOURCE", summary: "Source one; a campaign's is its outcomes.", isOptional: true),
                    PositionalSpec(
                        name: "SECOND", summary: "Source two or seed; von-neumann has none.", isOptional: true),
                ]),
        ])
}
