import BellCommandLine
import BellModel

extension CommandTree {
    private static let one = PositionalSpec(
        name: "CAMPAIGN", summary: "Its id, number or name; else the latest.", isOptional: true)
    private static let stored = PositionalSpec(
        name: "CAMPAIGN", summary: "Its id, number or folder; else the latest.", isOptional: true)
    private static let current = PositionalSpec(
        name: "CAMPAIGN", summary: "Its id, number or name; else the one that is running.", isOptional: true)
    private static let named = PositionalSpec(name: "CAMPAIGN", summary: "Its id or number.")
    private static let plan = PositionalSpec(name: "PLAN", summary: "The plan's file.")

    static let campaign = group(
        "campaign", "Plan, run and verify campaigns.",
        [
            command(
                "plan", "Check a plan, print what would be sealed and what it would certify.",
                """
                Works without a daemon. Warns when the claims cannot be met, whatever S is, or not with S as expected.
                """,
                [
                    value("lab", "FILE", "The laboratory.", default: "Calibration/mocklab/lab.yaml"),
                    value("expect", "S", "The CHSH value that is expected.", default: "2.236"),
                    value(
                        "expansion", "LAW",
                        "Also what settings would consume, as in `bounds`: uniform, joint:ALPHA, product:GAMMA; refused when n give no bit."
                    ),
                ],
                positionals: [plan]),
            command(
                "seal", "Seal a plan without running it.",
                """
                The plan gets its number and hash and cannot be changed; until `campaign start NUMBER` somebody outside can be \
                given it with `campaign anchor`. A restart of belld does not start it. Needs both boards.
                """,
                [
                    value(
                        "beacon", "FILE",
                        "A public beacon's pulse, as JSON, that the plan is to quote: sealed after it.")
                ],
                positionals: [plan]),
            command(
                "anchor", "Let somebody outside date a sealed plan, before its first trial.",
                """
                --write gives the bytes that are stamped or signed; --rfc3161 stores a time-stamp authority's reply, --signature \
                somebody's Ed25519 signature. docs/anchors.md says what each proves, with openssl's commands.
                """,
                [
                    value("write", "FILE", "Write the plan as it is hashed; works without a daemon."),
                    value("rfc3161", "FILE", "The reply to `openssl ts -query`, as it came."),
                    value("tsa-ca", "FILE", "The authority's root certificates; openssl then checks the reply first."),
                    value("signature", "FILE", "64 bytes; needs --key and --by."),
                    value("key", "PEM|HEX", "The signer's public key."), value("by", "NAME", "Who the signer is."),
                ], positionals: [named]),
            command(
                "start", "Run a sealed campaign, or seal a plan and run it.",
                """
                Only digits are a campaign's number, 8 to 32 hexadecimal digits its id, everything else a plan's file. A plan \
                that is sealed here and now can have no outside anchor.
                """,
                [flag("watch", "Stay until the certificate exists, as `campaign watch` does.")],
                positionals: [
                    PositionalSpec(
                        name: "PLAN|CAMPAIGN", summary: "The plan's file, or a sealed campaign's number or id.")
                ]),
            command(
                "watch", "Show a campaign live until its certificate exists.",
                "Ctrl-C only detaches. Ends with 1 when the certificate does not certify the headline claim.", [],
                positionals: [current]),
            command("pause", "Pause after the current arm.", "", [], positionals: [current]),
            command("resume", "Resume a paused campaign.", "", [], positionals: [current]),
            command(
                "stop", "End a campaign for good.",
                """
                Trials that were not run score as lost, which usually costs the verdict; a certificate is issued and says \
                so. To go on later use `campaign pause`, or `lab down`.
                """, [],
                positionals: [current]),
            command(
                "abandon", "Give up a campaign that is sealed or interrupted.",
                "It gets no certificate and stays listed, also in the certificates of every campaign that is begun later.",
                [value("reason", "TEXT", "Why; required.")], positionals: [named]),
            command("list", "List all campaigns.", "", []),
            command(
                "show", "Show one campaign.", "",
                [flag("certificate", "The whole certificate as a page for people; works without a daemon.")],
                positionals: [one]),
            command(
                "verify", "Recompute a certificate from the stored evidence.",
                "Works without a daemon, on any machine that has journal, certificate and signature. Ends with 4 when "
                    + "anything differs.",
                [
                    key,
                    value("certificate", "FILE", "The certificate; else certificate.json beside the journal."),
                    value("journal", "FILE", "The journal; else the campaign's own in the state directory."),
                ], positionals: [stored]),
            command(
                "export", "Write a campaign's trials.", "Works without a daemon.",
                [
                    flag("csv", "As CSV: index,x,y,a,b,status."),
                    value("output", "FILE", "A file instead of stdout.", short: "o"),
                ], positionals: [stored]),
            campaignExtract, campaignPublish,
        ])
}
