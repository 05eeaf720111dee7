import BellModel

/// SHOTS: IQ points for calibration, one a shot or their average.
public struct Shots: Hashable, Sendable {
    /// The points of a SHOTS message.
    public enum Points: Hashable, Sendable {
        /// One point a shot, in the record's codes.
        case each([Point])
        /// The mean over all shots, in 1/65536 of the record's codes.
        case mean(i: Int32, q: Int32)
    }

    /// A point in the IQ plane, in the codes of the trial record.
    public struct Point: Hashable, Sendable {
        public var i: Int16
        public var q: Int16
        public init(i: Int16, q: Int16) {
            self.i = i
            self.q = q
        }
    }

    /// Shots played.
    public var count: UInt32
    public var points: Points

    public init(count: UInt32, points: Points) {
        self.count = count
        self.points = points
    }
}

extension Shots: BoardPayload {
    var sizeHint: Int {
        switch points {
        case .each(let points): 8 + 4 * points.count
        case .mean: 16
        }
    }

    func append(to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(count)
        switch points {
        case .each(let points):
            bytes.appendZeroes(4)
            for point in points {
                bytes.appendLittleEndian(UInt16(bitPattern: point.i))
                bytes.appendLittleEndian(UInt16(bitPattern: point.q))
            }
        case .mean(let i, let q):
            bytes.append(1)
            bytes.appendZeroes(3)
            bytes.appendLittleEndian(UInt32(bitPattern: i))
            bytes.appendLittleEndian(UInt32(bitPattern: q))
        }
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        count = try reader.integer("count", in: 1...ShotsRequest.maximumCount)
        let averaged = try reader.integer("mode", in: 0...1 as ClosedRange<UInt8>) == 1
        try reader.skip(3)
        if averaged {
            points = .mean(i: try reader.integer("I"), q: try reader.integer("Q"))
            return
        }
        guard reader.remaining == Int(count) * 4 else { throw reader.bad("points") }
        var each: [Point] = []
        each.reserveCapacity(Int(count))
        for _ in 0..<count { each.append(Point(i: try reader.integer("I"), q: try reader.integer("Q"))) }
        points = .each(each)
    }
}
