import BellCrypto
import BellHost
import BellModel
import BellPicture

/// `bellctl image decrypt`: the same pad once more.
enum ImageDecryptCommand {
    /// Far above any recipe.
    private static let largestRecipe = 1 << 16

    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let path = invocation.positional(0) ?? ""
        guard let output = invocation.text("output"), !output.isEmpty else {
            throw BellError(
                .toolArgument, "Where the picture goes is not said.", at: "bellctl image decrypt",
                fix: "add --output FILE")
        }
        guard absolutePath(output) != absolutePath(path) else {
            throw BellError(
                .toolArgument, "The encrypted picture would be overwritten.", at: output, fix: "give another file")
        }
        let (cipher, format) = try Picture.read(
            try readFile(path, limit: ImageEncryptCommand.largestFile), source: path)
        let beside = invocation.text("recipe") ?? recipeName(path)
        let recipe = try PadRecipe(
            json: try JSON(parsing: try readFile(beside, limit: largestRecipe), source: beside), source: beside)
        guard recipe.width == cipher.width, recipe.height == cipher.height, recipe.channels == cipher.channels,
            recipe.cipher == Blake2b.hash(cipher.samples)
        else {
            throw BellError(
                BellError.Code("picture.other", exit: .dataIntegrity),
                "The recipe is of another picture, or the picture was changed.", at: path, cause: beside,
                fix: "give the picture as it was encrypted, or its own recipe with --recipe FILE")
        }
        let pad = try pad(recipe, invocation)
        try writeFileAtomically(output, try cipher.covered(by: pad).encoded(as: format), mode: 0o600)
        return Reply(
            json: [
                "file": .string(absolutePath(output)), "width": .int(Int64(cipher.width)),
                "height": .int(Int64(cipher.height)), "channels": .int(Int64(cipher.channels)),
            ],
            text: "\(cipher.description) in \(output)\n")
    }

    private static func pad(_ recipe: PadRecipe, _ invocation: Invocation) throws(BellError) -> Pad {
        if let file = invocation.text("pad") {
            return try PadSource.pad(file, firstBit: recipe.firstBit, bits: Int(recipe.bits))
        }
        switch recipe.source {
        case .file(let name):
            throw BellError(
                .toolArgument, "The pad is a file, and which one is not said.", at: "bellctl image decrypt",
                cause: "it was called \(Style.safe(name) ?? "")", fix: "add --pad FILE")
        case .campaign(let campaign, let part):
            return try PadSource.read(
                part, of: campaign, firstBit: recipe.firstBit, bits: Int(recipe.bits),
                state: try invocation.stateDirectory())
        }
    }

    /// `certified.pad.json` for `certified.png`.
    static func recipeName(_ path: String) -> String {
        let folder = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let name = path[folder...]
        return path[..<folder] + String(name.lastIndex(of: ".").map { name[..<$0] } ?? name) + ".pad.json"
    }
}
