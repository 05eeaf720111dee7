import CSodium

/// `sodium_init` chooses the implementations for this CPU; the language runs a global's initialiser once.
private let sodiumIsReady = sodium_init() >= 0

/// Makes sure that libsodium has been initialised.
func prepareSodium() {
    precondition(sodiumIsReady, "libsodium cannot be initialised: the system has no random numbers")
}

/// Returns `count` random bytes from the operating system's generator.
///
/// For salts, identifiers and keys; never for input bits of a physical trial. `randombytes_buf` (libsodium).
public func randomBytes(_ count: Int) -> [UInt8] {
    prepareSodium()
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        if let base = buffer.baseAddress { randombytes_buf(base, count) }
        filled = count
    }
}
