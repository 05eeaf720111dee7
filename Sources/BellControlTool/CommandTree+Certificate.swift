import BellCommandLine
import BellModel

extension CommandTree {
    private static let file = PositionalSpec(
        name: "FILE|CAMPAIGN", summary: "A certificate's file, or a campaign's id, number or folder; else the latest.",
        isOptional: true)
    static let key = value(
        "key", "PEM|HEX", "The laboratory's key as you know it; else the certificate's own word is taken.")

    private static let authorities = value(
        "tsa-ca", "FILE", "Root certificates of time-stamp authorities that you trust, PEM.")

    static let certificate = group(
        "certificate", "Look at certificates and check who made them.",
        [
            command(
                "show", "Show a certificate as a page for people.",
                "Works without a daemon. Ends with 1 when the headline claim is not certified, with 4 when the evidence "
                    + "contradicts itself or a signature beside it is not its own.", [], positionals: [file]),
            command(
                "verify", "Check a certificate's signature, form, numbers and evidence.",
                """
                Everything is recomputed from the journal when it lies beside the certificate; docs/certificate.md says \
                how to check the signature with openssl alone. Ends with 4 when anything differs.
                """,
                [
                    flag("signature-only", "Check the signature and nothing else; also of another version."), key,
                    value(
                        "journal", "FILE", "The journal; else journal.sqlite beside the certificate, if it is there."),
                    authorities,
                ], positionals: [file]),
            command(
                "anchors", "Say what a certificate's outside anchors prove, and check them.",
                """
                Signatures are checked always, a time-stamp authority's by openssl when --tsa-ca is given. Ends with 4 when one \
                is bad. --write gives the files for checks with openssl alone.
                """,
                [authorities, value("write", "DIR", "Write plan.json and each anchor's files there.")],
                positionals: [file]),
            command(
                "diff", "Say in which members two certificates differ.",
                "Neither needs to be sound. Ends with 1 when they differ.", [],
                positionals: [
                    PositionalSpec(name: "A", summary: "A certificate's file, or a campaign."),
                    PositionalSpec(name: "B", summary: "Another."),
                ]),
            command(
                "key", "Print the public key that signs this state directory's certificates.",
                "In hexadecimal digits and as PEM: give it to whoever shall trust the certificates.", []),
        ])
}
