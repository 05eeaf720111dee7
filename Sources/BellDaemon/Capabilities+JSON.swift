import BellModel
import DriverKit

extension Capabilities {
    /// What the journal, the certificate and `device.list` say of a board.
    var json: JSON {
        [
            "model": .string(model), "serial": .string(serial), "firmware": .string(firmware),
            "simulated": .bool(simulated), "node": .string(node.name),
            "tick_rate_hz": .double(tickRate.hertz), "ticks_per_sample": .int(Int64(ticksPerSample)),
            "spool_trials": .int(Int64(spoolTrials)), "waveform_memory_samples": .int(Int64(waveformMemory)),
            "has_rng": .bool(hasRNG), "has_signing_key": .bool(hasSigningKey),
            "boot_id": .string(String(bootID, radix: 16)),
        ]
    }
}
