import BellCrypto
import BellHost
import BellModel
import TestSupport

@testable import BellPool

/// A state directory with pools whose bits are known, without a campaign behind them.
struct Pools {
    let folder: TemporaryFolder
    let state: StateDirectory

    init() throws {
        folder = try TemporaryFolder()
        state = try StateDirectory(path: folder.path)
    }

    func campaign(_ number: UInt8) -> CampaignID {
        CampaignID(bytes: [UInt8](repeating: number, count: 16)) ?? CampaignID(first16Of: .zero)
    }

    /// Writes the three files and enters the pool.
    @discardableResult
    func make(
        _ number: UInt8 = 1, _ kind: Plan.Pool = .private, bits: UInt64 = 1000, isSimulated: Bool = false
    ) throws -> [UInt8] {
        let id = campaign(number)
        let files = PoolFiles(state, id)
        try makeFolder(files.folder)
        var random = SplitMix(seed: UInt64(number))
        var packed = (0..<Int((bits + 7) / 8)).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        if bits % 8 != 0 { packed[packed.count - 1] &= ~(0xff >> UInt8(bits % 8)) }
        try writeFileAtomically(files.bits, packed)
        let recipe: JSON = [
            "campaign": .string(id.description), "pool": .string(kind.rawValue), "simulated": .bool(isSimulated),
            "m": JSON(count: bits), "output": .string(Blake2b.hash(packed).description),
        ]
        try writeFileAtomically(files.recipe, text: recipe.text)
        try PoolLedger.open(state: state, create: true).enter(try PoolRecipe(json: recipe))
        return packed
    }

    func ledger() throws(BellError) -> PoolLedger { try PoolLedger.open(state: state) }

    /// The error of a take, and that nothing was taken by it.
    func refusal(bits: UInt64, from number: UInt8, _ purpose: Withdrawal.Purpose) throws -> BellError? {
        let ledger = try ledger()
        let before = try ledger.withdrawals(of: campaign(number))
        do throws(BellError) {
            _ = try ledger.take(bits: bits, from: campaign(number), purpose: purpose)
            return nil
        } catch {
            return try ledger.withdrawals(of: campaign(number)) == before ? error : nil
        }
    }
}

/// Bits as zeros and ones, MSB first.
func unpack(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
    (0..<count).map { bytes[$0 / 8] >> UInt8(7 - $0 % 8) & 1 }
}
