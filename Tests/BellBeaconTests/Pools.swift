import BellCrypto
import BellHost
import BellModel
import BellPool

/// Enters a pool whose bits lie in the campaign's folder.
func enterPool(
    _ id: CampaignID, _ kind: Plan.Pool, _ bytes: [UInt8], isSimulated: Bool, in state: StateDirectory
) throws {
    let recipe: JSON = [
        "campaign": .string(id.description), "pool": .string(kind.rawValue), "simulated": .bool(isSimulated),
        "m": .int(Int64(bytes.count * 8)), "output": .string(Blake2b.hash(bytes).description),
    ]
    let path = PoolFiles(state, id).recipe
    try writeFileAtomically(path, text: recipe.text)
    try PoolLedger.open(state: state, create: true).enter(try PoolRecipe(reading: path))
}
