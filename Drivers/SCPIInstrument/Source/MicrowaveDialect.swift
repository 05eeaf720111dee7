/// How one family of microwave sources is spoken to, as data.
///
/// None of these instruments was at hand: each row names where its words come from.
struct MicrowaveDialect: Equatable, Sendable {
    /// How the lock of the reference is asked for.
    enum Lock: Equatable, Sendable {
        /// Locked when the answer is 1.
        case flag(String)
        /// Locked when none of these bits of a condition register is set.
        case bits(String, UInt32)
    }

    /// `*IDN?` begins with this, in capitals; empty for all.
    var manufacturer: String
    /// The model begins with one of these, in capitals; empty for all.
    var models: [String] = []
    var frequency = "SOUR:FREQ"
    var power = "SOUR:POW"
    var output = "OUTP"
    var reference = "SOUR:ROSC:SOUR"
    /// Some choose the reference by themselves and only say which.
    var setsReference = true
    var lock: Lock?
    /// Condition register of what is questionable about the output.
    var questionable: String? = "STAT:QUES:COND?"
    /// Whether these two questions are known to be answered; else they are tried, and dropped when no answer comes.
    var isSure = true
    /// Used where the instrument does not answer `MIN` and `MAX`.
    var frequencies = 1.0...100e9
    var powers = -150.0...30.0
    /// How far a value that was read back may be off, Hz and dB: the coarsest resolution of the family.
    var frequencyTolerance = 1.0
    var powerTolerance = 0.01

    /// The first row that fits; the last fits all.
    static func of(_ identity: SCPIIdentity) -> MicrowaveDialect {
        let (maker, model) = (identity.manufacturer.uppercased(), identity.model.uppercased())
        return table.first { row in
            maker.hasPrefix(row.manufacturer) && (row.models.isEmpty || row.models.contains { model.hasPrefix($0) })
        } ?? plain
    }

    /// SCPI-1999 volume 2: SOURce:FREQuency, SOURce:POWer, OUTPut, SOURce:ROSCillator. It has no query for the lock; the
    /// one that most vendors with such a query use is tried.
    static let plain = MicrowaveDialect(manufacturer: "", lock: .flag("SOUR:ROSC:LOCK?"), isSure: false)

    static let table: [MicrowaveDialect] = [
        // Ours (docs of Drivers/VirtualUSB/USBTMC).
        MicrowaveDialect(
            manufacturer: "BELLD SIMULATED", lock: .flag("ROSC:LOCK?"), frequencies: 100e3...20e9, powers: -60...20),
        // Keysight, Agilent and HP. Lock: "Programming Guide" of the PSG (table 3-8), E4438C (table 3-9) and ESG family:
        // data questionable frequency condition register, bits 1 (10 MHz) and 2 (1 GHz reference unlocked). The reference
        // is chosen by the instrument: QCoDeS, Keysight/N51x1.py, offers ROSC:SOUR:AUTO only.
        agilent("AGILENT"), agilent("KEYSIGHT"), agilent("HEWLETT"),
        // Rohde & Schwarz: QCoDeS, rohde_schwarz/SGS100A.py. It has no lock query, and none is guessed.
        MicrowaveDialect(manufacturer: "ROHDE", output: "OUTP:STAT", lock: nil),
        // AnaPico: SOUR:ROSC:LOCK? answers 1 when locked, in several laboratories' public drivers for APSIN and APSYN
        // (exopy_hqc_legacy, drivers/visa/anapico.py).
        MicrowaveDialect(manufacturer: "ANAPICO", lock: .flag("SOUR:ROSC:LOCK?")),
        // Berkeley Nucleonics 845: as AnaPico's; public clients name the programmer's manual of the 845-M, version 1.1.
        MicrowaveDialect(manufacturer: "BERKELEY NUCLEONICS", lock: .flag("SOUR:ROSC:LOCK?")),
        plain,
    ]

    private static func agilent(_ name: String) -> MicrowaveDialect {
        MicrowaveDialect(
            manufacturer: name, output: "OUTP:STAT", setsReference: false,
            lock: .bits("STAT:QUES:FREQ:COND?", 0b110))
    }
}
