import BellModel

@testable import BellControlTool

/// Status objects as a daemon would answer them.
enum Samples {
    static let campaign: JSON = [
        "campaign": "5f2c00000000000000000000000000aa", "number": 1, "name": "bell-chsh", "state": "running",
        "reason": "", "trials": 1_048_576, "done": 524_288, "valid": 524_276,
        "losses": ["alice_missing": 10, "locality": 2, "clock": 0], "s": 2.23912, "s_error": 0.00281,
        "log10_p": -3571.28, "least_margin_ab_ns": 2.0871, "least_margin_ba_ns": 2.051, "trials_per_s": 49871.2,
        "eta_s": 10.4, "block": 4, "arm": 512, "certifier": ["connected": true, "acknowledged": 523_264],
        "certificate": nil, "simulated": true, "pool": "public",
    ]

    static let devices: JSON = [
        [
            "name": "alice", "node": "alice", "driver": "board", "at": "zmq+ipc://@run/alice", "state": "connected",
            "reason": "",
        ],
        [
            "name": "bob", "node": "bob", "driver": "board", "at": "zmq+ipc://@run/bob", "state": "disconnected",
            "reason": "silent for 3 s",
        ],
    ]

    static let status: JSON = [
        "version": "0.1.0", "pid": 4711, "state_directory": "/home/lab/.belld", "simulated": true,
        "devices": devices, "campaign": campaign, "certifier": ["connected": true],
    ]

    /// Every member of `object` replaced by each of these, one at a time.
    static let hostile: [JSON] = [
        nil, true, -1, 9_223_372_036_854_775_807, 1e300, -1e300, 4.5e-300, "", "\u{1b}[2J\u{7}", [], ["x": [[]]],
        "18446744073709551615",
    ]
}
