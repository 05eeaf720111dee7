/// What goes wrong when a chunk is sent.
struct ChunkFault: OptionSet, Sendable {
    let rawValue: Int
    static let drop = ChunkFault(rawValue: 1)
    static let `repeat` = ChunkFault(rawValue: 2)
    static let corrupt = ChunkFault(rawValue: 4)
    static let truncate = ChunkFault(rawValue: 8)
    static let garbage = ChunkFault(rawValue: 16)
}
