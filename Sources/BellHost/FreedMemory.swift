import CShims

/// Lets this process keep memory that it frees, up to 16 MiB at the end of each of the C library's arenas.
///
/// For programs through which much data goes: frames of 128 KiB are allocated on one thread and freed on another, and the C
/// library's own limits (128 KiB) make the kernel take each of them back and clear it again, 32 page faults a frame. That
/// was a third of the time of reading a board over USB.
/// - SeeAlso: `M_TRIM_THRESHOLD` and `M_MMAP_THRESHOLD` in mallopt(3); `bell_keep_freed_memory`.
public func keepFreedMemory() { bell_keep_freed_memory(16 << 20, 4 << 20) }
