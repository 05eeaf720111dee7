import BellCrypto
import BellHost
import BellModel
import BellPool

/// `bellctl key`: bits of a private pool as a key, exactly once.
enum KeyCommand {
    private enum Format: String { case raw, hex, pem }

    static func run(_ invocation: Invocation) throws(BellError) -> Reply {
        let bits = try invocation.count("bits", in: 8...PoolLedger.largest)
        let format = Format(rawValue: invocation.text("format") ?? "hex") ?? .hex
        guard bits % 8 == 0 else {
            throw BellError(
                .toolArgument, "A key has whole bytes; \(bits) bits are none.", at: "--bits",
                state: "nothing was taken", fix: "give a multiple of 8")
        }
        guard format != .pem || bits == 256 else {
            throw BellError(
                .toolArgument, "An Ed25519 key is made of 256 bits, not of \(bits).", at: "--format pem",
                state: "nothing was taken", fix: "leave --bits out, or take --format raw or hex")
        }
        let output = invocation.text("output")
        try checkOutput(invocation, output, format)
        let state = try invocation.stateDirectory()
        let ledger = try PoolLedger.open(state: state)
        let pool = try choose(invocation, ledger, state, bits)
        // Before anything is taken, so that a path that cannot be written costs no bits.
        let file = try output.map { (path) throws(BellError) in try NewFile(path) }
        let taken: Withdrawal
        do throws(BellError) {
            taken = try ledger.take(bits: bits, from: pool.campaign, purpose: .key)
        } catch {
            file?.discard()
            throw error
        }
        let key = try pool.read(taken)
        let bytes =
            switch format {
            case .raw: key
            case .hex: Array((key.hex + "\n").utf8)
            case .pem: Array(SigningKey.pem(ofSeed: key).utf8)
            }
        if let file {
            try file.finish(bytes)
        } else {
            try invocation.console.writeBytes(bytes)
        }
        return Reply(
            json: [
                "withdrawal": .int(taken.id), "campaign": .string(taken.campaign.description),
                "first_bit": JSON(count: taken.first), "bits": JSON(count: taken.count),
                "left": JSON(count: pool.bits - taken.first - taken.count), "file": JSON(output),
                "simulated": .bool(pool.isSimulated),
            ],
            text: output.map {
                "\(taken.count) bits of campaign \(taken.campaign) in \($0), for its owner only; "
                    + "\(NumberText.count(pool.bits - taken.first - taken.count)) left"
                    + (pool.isSimulated ? "   SIMULATED: no secret\n" : "\n")
            } ?? "")
    }

    /// A key is shown on a screen only to whoever asks for that.
    private static func checkOutput(
        _ invocation: Invocation, _ output: String?, _ format: Format
    ) throws(BellError) {
        guard output == nil else { return }
        if invocation.console.isJSON {
            throw BellError(
                .toolArgument, "With --json the key needs a file of its own.", at: "--json",
                state: "nothing was taken", fix: "add --output FILE")
        }
        let isMeant = format != .raw && invocation.text("format") != nil || invocation.flag("force")
        if invocation.console.isTerminal, !isMeant {
            throw BellError(
                .toolArgument, "A key is not written to a terminal unasked.", at: "--output",
                state: "nothing was taken", fix: "add --output FILE, --format hex or pem, or --force")
        }
    }

    private static func choose(
        _ invocation: Invocation, _ ledger: PoolLedger, _ state: StateDirectory, _ bits: UInt64
    ) throws(BellError) -> Pool {
        let pools = try ledger.pools()
        let wantsSimulated = invocation.flag("simulated")
        if let name = invocation.text("campaign") {
            let files = try CampaignFiles.find(name, in: state)
            guard let pool = pools.first(where: { $0.campaign.description == files.id }) else {
                throw BellError(
                    .poolMissing, "The campaign \(files.id) has no pool.", at: PoolLedger.path(in: state),
                    state: "nothing was taken", fix: "run `bellctl campaign extract \(files.id)`")
            }
            guard !pool.isSimulated || wantsSimulated else {
                throw BellError(
                    .poolKind, "The pool of campaign \(pool.campaign) is simulated: its bits are no secret.",
                    at: PoolLedger.path(in: state), state: "nothing was taken",
                    fix: "add --simulated if this is a test")
            }
            return pool
        }
        let candidates = pools.filter { $0.kind == .private && $0.isSimulated == wantsSimulated }
        if let pool = candidates.first(where: { $0.left >= bits }) { return pool }
        let most = candidates.map(\.left).max()
        throw BellError(
            .poolEmpty,
            "No private pool\(wantsSimulated ? " of a simulation" : "") has \(bits) bits left"
                + (most.map { "; the fullest has \($0)" } ?? "") + ".",
            at: PoolLedger.path(in: state), state: "nothing was taken",
            fix: "`bellctl pools` lists them; keys never come from public pools"
                + (wantsSimulated ? "" : ", and from simulated ones only with --simulated"))
    }
}
