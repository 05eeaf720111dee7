/// A typed payload: its bytes, and how they are read.
///
/// Each conforming type lists its bytes in docs/board-protocol.md. Reserved bytes are written as zero and not looked at.
protocol BoardPayload: Equatable, Sendable {
    /// The payload's size in bytes, to reserve memory with.
    var sizeHint: Int { get }
    func append(to bytes: inout [UInt8])
    init(reading reader: inout ByteReader) throws(FrameError)
}

extension BoardPayload {
    var sizeHint: Int { 128 }
}
