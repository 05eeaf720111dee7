extension MiniCircuitsTable {
    /// The models that belld knows.
    ///
    /// To add one: copy the row of a box with the same commands (the vendor's programming manual names them), and write
    /// down the source. Sources of these rows are public drivers, named by author or repository; none of the rows was
    /// confirmed by us on hardware.
    public static let known = MiniCircuitsTable([
        Row(
            "RC-#SPDT-*", numbers: 1...8, .relayMask, .twoSources,
            source: "relay controller by J. Porter (RC-2SPDT-A18); loganrf/MC_Switch_Linux"
        ) { .switches(.relays($0, ports: 1...2, safe: 1)) },
        Row(
            "USB-#SPDT-*", numbers: 1...8, .relayMask, .twoSources,
            source: "as RC-#SPDT-*: the same box without Ethernet; loganrf/MC_Switch_Linux"
        ) { .switches(.relays($0, ports: 1...2, safe: 1)) },
        // 100 ms is what T. Dunker's driver waits.
        Row(
            "RC-#SP6T-A12", numbers: 1...2, .relayPorts, newer: .text(code: 42, path: ":SP6T{}:STATE"), .oneSource,
            source: "RC-2SP6T-A12 by T. Dunker (codes 12, 13; the layout of 13's reply is not confirmed); "
                + "rfswitchMcl by P. Stang (text)"
        ) { .switches(.relays($0, ports: 0...6, safe: 0, settling: .milliseconds(100))) },
        Row(
            "RC-#SP4T-A18", numbers: 1...2, .text(code: 42, path: ":SP4T{}:STATE"), .unconfirmed,
            source: "the text from several drivers through the vendor's library and over HTTP; that code 42 carries it "
                + "over USB from rfswitchMcl by P. Stang, for other models"
        ) { .switches(.relays($0, ports: 0...4, safe: 0, settling: .milliseconds(100))) },
        Row(
            "USB-SP4T-63", .portCodes, .oneSource, source: "storborg/pyminicircuits"
        ) { _ in .switches(.solidState(1, ports: 4)) },
        Row(
            "USB-1SP8T-63H", .text(code: 1, path: ":SP8T:STATE"), .twoSources,
            source: "relay controller by J. Porter; rfswitch.c by J. Richards (SETI Institute)"
        ) { _ in .switches(.solidState(1, ports: 8)) },
        Row(
            "USB-1SP16T-83H", .text(code: 1, path: ":SP16T:STATE"), .oneSource,
            source:
                "rfswitch.c by J. Richards (SETI Institute); a driver by Analog Devices says the same text by code 42"
        ) { _ in .switches(.solidState(1, ports: 16)) },
        Row(
            "USB-2SP4T-63H", .text(code: 1, path: ":SP4T:{}:STATE"), .oneSource,
            source: "relay controller by J. Porter"
        ) { _ in .switches(.solidState(2, ports: 4)) },
        Row(
            "USB-1SP8T-852H", .text(code: 42, path: ":SP8T:STATE"), .oneSource, source: "rfswitchMcl by P. Stang"
        ) { _ in .switches(.solidState(1, ports: 8)) },
        Row(
            "RUDAT-6000-#", numbers: 1...110, .quarterDecibels, .twoSources,
            source: "storborg/pyminicircuits; labbench drivers by NIST; atten.c by J. Richards (SETI Institute)"
        ) { .attenuator(maximum: Double($0), step: 0.25) },
        Row(
            "RCDAT-6000-#", numbers: 1...110, .quarterDecibels, .twoSources,
            source: "storborg/pyminicircuits; labbench drivers by NIST"
        ) { .attenuator(maximum: Double($0), step: 0.25) },
        Row(
            "RUDAT-13G-#", numbers: 1...110, .attenuationText(code: 1), .oneSource,
            source: "microsoft/Qcodes (RUDAT-13G-90)"
        ) { .attenuator(maximum: Double($0), step: 0.25) },
        Row(
            "RCDAT-8000-#", numbers: 1...110, .attenuationText(code: 42), .unconfirmed,
            source: "the text from microsoft/Qcodes for RUDAT; code 42 from rfswitchMcl by P. Stang"
        ) { .attenuator(maximum: Double($0), step: 0.25) },
    ])
}
