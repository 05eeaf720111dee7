import BellModel

/// SHOTS_REQUEST: play the loaded program a number of times on the board's own trigger, for calibration.
public struct ShotsRequest: Hashable, Sendable {
    /// The most shots that one reply can carry one by one: (1 MiB − 16) / 4, rounded down to 200 000.
    public static let maximumCount: UInt32 = 200_000

    /// How often; 1 … 200 000.
    public var count: UInt32
    /// One averaged point instead of a point a shot.
    public var averaged: Bool

    public init(count: UInt32, averaged: Bool) {
        self.count = count
        self.averaged = averaged
    }
}

extension ShotsRequest: BoardPayload {
    func append(to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(count)
        bytes.append(averaged ? 1 : 0)
        bytes.appendZeroes(3)
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        count = try reader.integer("count", in: 1...ShotsRequest.maximumCount)
        averaged = try reader.integer("mode", in: 0...1 as ClosedRange<UInt8>) == 1
        try reader.skip(3)
    }
}
