import BellModel

/// ERROR: a request was refused, or a frame could not be read. Never answered.
public struct ErrorReport: Hashable, Sendable {
    /// Why; codes that version 1 does not name are passed on.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The message type is not known here.
        public static let unknownType = Code(rawValue: 1)
        /// The payload cannot be read.
        public static let badPayload = Code(rawValue: 2)
        /// The frame's or HELLO's version is not spoken here.
        public static let wrongVersion = Code(rawValue: 3)
        /// The request does not fit the board's state.
        public static let wrongState = Code(rawValue: 4)
        /// The spool has no room for the arm.
        public static let spoolFull = Code(rawValue: 5)
        /// The program breaks a limit of the board, or is for another node or tick rate.
        public static let badProgram = Code(rawValue: 6)
        /// The board does not have what is asked for.
        public static let unsupported = Code(rawValue: 7)
        /// The program takes host bits, and there are none, or not as many, for the arm.
        public static let noHostBits = Code(rawValue: 8)
        /// HELLO must come first: the board has started anew, or has not met this host.
        public static let helloRequired = Code(rawValue: 9)
        /// The board's hardware cannot do it now.
        public static let hardware = Code(rawValue: 10)
        /// No sound frame: checksum, size or magic.
        public static let badFrame = Code(rawValue: 11)

        /// The name in docs/board-protocol.md.
        public var name: String {
            let names = [
                "unknown-type", "bad-payload", "wrong-version", "wrong-state", "spool-full", "bad-program",
                "unsupported", "no-host-bits", "hello-required", "hardware", "bad-frame",
            ]
            let place = Int(rawValue) - 1
            return names.indices.contains(place) ? names[place] : "code \(rawValue)"
        }
    }

    public var code: Code
    /// For people; at most 1024 bytes.
    public var text: String

    public init(code: Code, text: String) {
        self.code = code
        self.text = text
    }

    /// The answer to bytes that are no message.
    public init(_ error: FrameError) {
        code =
            switch error {
            case .unknownType: .unknownType
            case .badPayload: .badPayload
            case .wrongVersion: .wrongVersion
            case .truncated, .badMagic, .oversized, .lengthMismatch, .badChecksum: .badFrame
            }
        text = error.description
    }
}

extension ErrorReport: BoardPayload {
    func append(to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(code.rawValue)
        bytes.appendZeroes(2)
        bytes.appendText(text)
    }

    init(reading reader: inout ByteReader) throws(FrameError) {
        code = Code(rawValue: try reader.integer("code"))
        try reader.skip(2)
        text = try reader.text("text")
    }
}
