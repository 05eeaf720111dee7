/// Reads the elements of DER one after the other; hostile bytes end in nil, never in a trap.
///
/// Only what time stamps need: tags below 31, definite lengths of at most four octets in their shortest form.
/// - SeeAlso: ITU-T X.690, sections 8.1 and 10.1.
struct DERReader {
    /// The identifier octets that are read.
    enum Tag: UInt8 {
        case integer = 0x02
        case octets = 0x04
        case objectIdentifier = 0x06
        case generalizedTime = 0x18
        case sequence = 0x30
        case set = 0x31
        /// Context-specific 0, constructed.
        case explicit0 = 0xa0
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }
    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    /// Takes the next element if it has this tag; nil for another one, or for bytes that are no DER.
    mutating func next(_ tag: Tag) -> ArraySlice<UInt8>? {
        guard rest.first == tag.rawValue else { return nil }
        return element()
    }

    /// Passes over the next element, whatever it is.
    mutating func skip() -> Bool { element() != nil }

    /// Takes the next element's content.
    private mutating func element() -> ArraySlice<UInt8>? {
        var left = rest
        // A tag of 31 goes on in further octets.
        guard let tag = left.popFirst(), tag & 0x1f != 0x1f, let first = left.popFirst() else { return nil }
        var count = Int(first)
        if first >= 0x80 {
            let octets = Int(first & 0x7f)
            guard (1...4).contains(octets), left.count >= octets else { return nil }
            count = left.prefix(octets).reduce(0) { $0 << 8 | Int($1) }
            guard count >= 0x80, octets == 1 || count >> (8 * (octets - 1)) > 0 else { return nil }
            left = left.dropFirst(octets)
        }
        guard left.count >= count else { return nil }
        rest = left.dropFirst(count)
        return left.prefix(count)
    }
}

extension ArraySlice<UInt8> {
    /// The dotted form of an object identifier's content; nil when it is none, or has an arc of 2^56 or more.
    var dottedIdentifier: String? {
        guard !isEmpty, count <= 64, last.map({ $0 < 0x80 }) == true else { return nil }
        var arcs: [UInt64] = []
        var arc: UInt64 = 0
        for byte in self {
            guard arc < 1 << 49 else { return nil }
            arc = arc << 7 | UInt64(byte & 0x7f)
            guard byte < 0x80 else { continue }
            if arcs.isEmpty {
                let top = Swift.min(2, arc / 40)
                arcs = [top, arc - 40 * top]
            } else {
                arcs.append(arc)
            }
            arc = 0
        }
        return arcs.map(String.init).joined(separator: ".")
    }
}
