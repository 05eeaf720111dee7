public import BellModel

/// A laboratory's devices and geometry, as `lab.yaml` says.
public struct Laboratory: Equatable, Sendable {
    /// What kind of instrument a device is.
    public enum Driver: String, CaseIterable, Sendable {
        /// An AWG and readout board with its own random number generator.
        case board
        /// A microwave switch or attenuator on USB; routes between blocks, never the setting switch.
        case rfSwitch = "rf-switch"
        /// An instrument that speaks SCPI, for example a local oscillator.
        case scpi
    }

    /// An instrument and how it is reached.
    public struct Device: Equatable, Sendable {
        public var name: String
        public var driver: Driver
        /// Where it stands; nil for a device of both nodes.
        public var node: Node?
        /// The address; swapping a simulated device for a real one changes only this.
        public var at: String
        /// What the laboratory expects of a board, so that a sequence can be compiled without it; nil for others.
        ///
        /// With the board at hand its own capabilities count.
        public var limits: BoardLimits?
        public var place: SourcePlace

        public init(
            name: String, driver: Driver, node: Node?, at: String, limits: BoardLimits?, place: SourcePlace
        ) {
            self.name = name
            self.driver = driver
            self.node = node
            self.at = at
            self.limits = limits
            self.place = place
        }
    }

    /// Paths of the calibration files, relative to the laboratory file.
    public struct CalibrationFiles: Equatable, Sendable {
        public var alice: String
        public var bob: String
        public var link: String
        public var timing: String

        public init(alice: String, bob: String, link: String, timing: String) {
            self.alice = alice
            self.bob = bob
            self.link = link
            self.timing = timing
        }
    }

    public var name: String
    /// The path of the laboratory file.
    public var source: String
    /// In the order of the file.
    public var devices: [Device]
    /// The board of each node, one of ``devices``.
    public var boards: PerNode<Device>
    /// The node whose board fires the shared trigger pulse.
    public var triggerMaster: Node
    public var calibrationFiles: CalibrationFiles
    /// Surveyed straight lines (``Quantity/ofGeometry``).
    public var geometry: ValueTable

    /// What the boards are expected to be able to do.
    public var limits: PerNode<BoardLimits> { boards.map { $0.limits ?? .typical } }

    /// Joins a path that the laboratory file gives with that file's folder; absolute paths stay.
    public func resolve(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let slash = source.lastIndex(of: "/") else { return path }
        return source[...slash] + path
    }
}

extension BoardLimits {
    /// A board of 8 GHz with a sample each 0.5 ns: what is assumed where the laboratory file is silent.
    public static let typical: BoardLimits = {
        guard let rate = TickRate(numerator: 8_000_000_000) else { preconditionFailure("8 GHz is in range") }
        return BoardLimits(tickRate: rate, ticksPerSample: 4, waveformMemory: 65_536, maxEvents: 256)
    }()
}
