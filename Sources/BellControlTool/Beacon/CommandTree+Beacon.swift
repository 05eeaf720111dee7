import BellCommandLine
import BellModel

extension CommandTree {
    private static let place = PositionalSpec(
        name: "URL|FILE", summary: "http://HOST:PORT of a beacon, or a file of `beacon verify --save`.")
    private static let chain = value("chain", "N", "Which chain; else the last one.")

    static let beacon = group(
        "beacon", "Read a randomness beacon and check it.",
        [
            command(
                "show", "Show a pulse.",
                "The last one, or that of --pulse. Nothing is checked but its form: that is `beacon verify`.",
                [chain, value("pulse", "N", "Its number.")], positionals: [place]),
            command(
                "verify", "Check a beacon's whole chain, or a part of it.",
                """
                Checks of every pulse the signature, the output value, all links to earlier pulses, that its random value is the \
                one the pulse before committed to, its number and its time; every gap in time must be marked. --anchor checks \
                only that the newest pulse leads back to an old one, over a few others. docs/beacon.md says what this proves. \
                Ends with 4 when anything differs.
                """,
                [
                    chain, value("from", "N", "Begin at this pulse; what lies before it is not checked."),
                    value("to", "N", "End at this pulse."),
                    value("anchor", "N", "Only the short way from the newest pulse back to this one."),
                    value("key", "PEM|HEX", "The beacon's key as you know it; else the beacon's own word is taken."),
                    value("save", "FILE", "Write the checked pulses and the key to a file that can be verified again."),
                ], positionals: [place]),
            command(
                "key", "Print the public key that signs this state directory's pulses.",
                "In hexadecimal digits and as PEM: give it to whoever shall trust the beacon.", []),
        ])
}
