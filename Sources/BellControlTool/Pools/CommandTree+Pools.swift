import BellCommandLine
import BellModel

extension CommandTree {
    private static let stored = PositionalSpec(
        name: "CAMPAIGN", summary: "Its id or number; else the latest.", isOptional: true)

    /// Part of the group `campaign`.
    static let campaignExtract = command(
        "extract", "Make a certified campaign's outcomes into near-perfect bits, once.",
        """
        Verifies the campaign first. Writes bits.bin, second-source.bin and recipe.json into the campaign's folder, for their owner \
        only. Source two must be independent of the outcomes given the adversary and the settings, from a generator that shares \
        nothing with the readout; setting bits are never used again. A second call repeats the extraction and compares. \
        docs/pools.md tells the rules.
        """,
        [
            key,
            value(
                "second-source", "SOURCE",
                "Fresh bits: host, board:NAME (while no campaign runs), or a file of packed bits."),
            value("second-bias", "MU", "No bit of it is likelier than ½ + MU; else the plan's setting_bias."),
            value("second-entropy", "RATE", "Its min-entropy a bit instead, 0.001 to 1."),
            value(
                "extractor", "KIND", "Only where the plan seals no security; else circulant.",
                allowed: Plan.Security.Extractor.Kind.allCases.map(\.rawValue)),
            value("extractor-error", "E", "Likewise: its distance from uniform bits; else 1e-9."),
            value(
                "side-information", "WHOSE", "Likewise; else what the claim holds against.",
                allowed: Plan.Security.SideInformation.allCases.map(\.rawValue)),
        ], positionals: [stored])

    /// Part of the group `campaign`.
    static let campaignPublish = command(
        "publish", "Make a private pool public, for ever.",
        """
        Needed before a private campaign's halves are given to anybody: whoever has the evidence can make its bits. Keys are \
        refused from then on.
        """,
        [flag("expose-keys", "Even though keys were taken from it, which are then no secret any more.")],
        positionals: [PositionalSpec(name: "CAMPAIGN", summary: "Its id or number.")])

    static let pools = command(
        "pools", "List the pools of certified bits, and how many are left.", "Works without a daemon.", [])

    static let keyCommand = command(
        "key", "Take a key from a private pool; no bit of it is ever given again.",
        """
        Taken bits are gone, whatever happens to the key. Without --output the key goes to stdout, to a terminal only with --format \
        hex or pem, or --force. It is not logged and not kept.
        """,
        [
            value("bits", "N", "A multiple of 8.", default: "256"),
            value("campaign", "CAMPAIGN", "The pool; else the oldest private one with enough bits."),
            value(
                "format", "FORMAT", "pem is an Ed25519 private key from a seed of 256 bits; else hex.",
                allowed: ["raw", "hex", "pem"]),
            value("output", "FILE", "A new file for its owner only; never one that exists.", short: "o"),
            flag("force", "Write to a terminal whatever the format."),
            flag("simulated", "Take from simulated pools, whose bits are no secret: for tests."),
        ])
}
