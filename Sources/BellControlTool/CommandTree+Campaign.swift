import BellCommandLine
import BellModel

extension CommandTree {
    private static let one = PositionalSpec(
        name: "CAMPAIGN", summary: "Its id, number or name; else the latest.", isOptional: true)
    private static let stored = PositionalSpec(
        name: "CAMPAIGN", summary: "Its id, number or folder; else the latest.", isOptional: true)
    private static let current = PositionalSpec(
        name: "CAMPAIGN", summary: "Its id, number or name; else the one that is running.", isOptional: true)
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
                ],
                positionals: [plan]),
            command(
                "start", "Seal a plan and run it.", "The plan cannot be changed afterwards.",
                [flag("watch", "Stay until the certificate exists, as `campaign watch` does.")], positionals: [plan]),
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
        ])
}
