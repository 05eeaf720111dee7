public import BellModel
import CSodium

/// Hashes bytes to 256 bits with BLAKE2b, all at once or piece by piece.
///
/// A copy goes on independently of its original.
/// - SeeAlso: RFC 7693; `crypto_generichash` (libsodium).
public struct Blake2b {
    private var state: State

    /// Begins an empty hash without a key.
    public init() { state = State() }

    /// Appends bytes.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Appends bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if !isKnownUniquelyReferenced(&state) { state = State(copying: state) }
        state.update(bytes)
    }

    /// Returns the hash of everything appended; the value then begins anew.
    public mutating func finish() -> Digest {
        if !isKnownUniquelyReferenced(&state) { state = State(copying: state) }
        let digest = state.finish()
        state = State()
        return digest
    }

    /// Hashes `bytes`.
    public static func hash(_ bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { hash($0) }
    }

    /// Hashes `bytes`.
    public static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
        prepareSodium()
        return Digest(filledBy: { out, count in
            crypto_generichash(
                out, count, bytes.bindMemory(to: UInt8.self).baseAddress, UInt64(bytes.count), nil, 0)
        })
    }

    /// Hashes the UTF-8 bytes of `text`.
    public static func hash(text: String) -> Digest { hash(Array(text.utf8)) }
}

extension Blake2b {
    /// libsodium's state, which must lie on a 64-byte boundary.
    private final class State {
        private let memory: UnsafeMutableRawPointer
        private var raw: OpaquePointer { OpaquePointer(memory) }

        init() {
            prepareSodium()
            memory = .allocate(byteCount: crypto_generichash_statebytes(), alignment: 64)
            crypto_generichash_init(raw, nil, 0, 32)
        }

        init(copying other: State) {
            memory = .allocate(byteCount: crypto_generichash_statebytes(), alignment: 64)
            memory.copyMemory(from: other.memory, byteCount: crypto_generichash_statebytes())
        }

        deinit { memory.deallocate() }

        func update(_ bytes: UnsafeRawBufferPointer) {
            crypto_generichash_update(raw, bytes.bindMemory(to: UInt8.self).baseAddress, UInt64(bytes.count))
        }

        func finish() -> Digest {
            Digest(filledBy: { out, count in crypto_generichash_final(raw, out, count) })
        }
    }
}

extension Digest {
    /// Lets a libsodium function write 32 bytes; the functions used here fail only for wrong sizes.
    fileprivate init(filledBy write: (UnsafeMutablePointer<UInt8>, Int) -> Int32) {
        let bytes = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { out -> [UInt8] in
            out.initialize(repeating: 0)
            guard let base = out.baseAddress, write(base, 32) == 0 else { return [] }
            return Array(out)
        }
        guard let digest = Digest(bytes: bytes) else {
            preconditionFailure("libsodium refused to hash into 32 bytes")
        }
        self = digest
    }
}
