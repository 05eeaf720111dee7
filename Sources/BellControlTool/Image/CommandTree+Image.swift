import BellCommandLine
import BellModel

extension CommandTree {
    static let image = group(
        "image", "Put one-time pads over pictures, and take them off.",
        [
            command(
                "encrypt", "Encrypt a picture with weak, raw and certified bits, beside each other.",
                """
                PNG or binary PGM or PPM, grey or colours of 8 bits. Needs eight bits a sample from each source that is named: a file \
                of packed bits, or campaign:ID. Certified bits of a campaign are taken from its public pool once and for ever; the bits of \
                a public pool are no secret, so that this shows what pads hide and keeps nothing from whoever may see the evidence. \
                Outcomes and second source are read from public campaigns only. docs/pictures.md explains the statistics.
                """,
                [
                    value("output", "DIR", "A new folder for the pictures, their recipes, statistics and page."),
                    value("weak", "SOURCE", "Bits of the weak source; of a campaign: its second source."),
                    value("outcomes", "SOURCE", "Raw outcomes, two bits a trial."),
                    value("certified", "SOURCE", "Certified bits."),
                    value(
                        "first-bit", "N",
                        "Where the pads begin, except certified bits of a campaign; a pad is used once.", default: "0"),
                ],
                positionals: [PositionalSpec(name: "PICTURE", summary: "The picture's file.")]),
            command(
                "decrypt", "Take the pad off a picture again.",
                "The picture comes back sample by sample, without what else its file said.",
                [
                    value("output", "FILE", "Where the picture goes, in the format of the encrypted one."),
                    value("recipe", "FILE", "Which bits they were; else the .pad.json beside the encrypted picture."),
                    value("pad", "FILE", "The file of the bits; else the campaign that the recipe names."),
                ],
                positionals: [PositionalSpec(name: "PICTURE", summary: "The encrypted picture.")]),
        ])
}
