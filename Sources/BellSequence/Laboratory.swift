public import BellModel

/// A laboratory's devices and geometry, as `lab.yaml` says.
public struct Laboratory: Equatable, Sendable {
    /// What kind of instrument a device is.
    public enum Driver: String, CaseIterable, Sendable {
        /// An AWG and readout board with its own random number generator.
        case board
        /// A microwave switch box; routes between blocks, never the setting switch.
        case rfSwitch = "rf-switch"
        /// A step attenuator.
        case attenuator
        /// A local oscillator that speaks SCPI.
        case microwaveSource = "microwave-source"
        /// Something whose values are only read: a thermometer, a lock, an amplifier's supply.
        case gauge
    }

    /// An instrument and how it is reached.
    public struct Device: Equatable, Sendable {
        public var name: String
        public var driver: Driver
        /// Where it stands; nil for a device of both nodes.
        public var node: Node?
        /// The address; swapping a simulated device for a real one changes only this.
        public var address: DeviceAddress
        /// What the laboratory expects of a board, so that a sequence can be compiled without it; nil for others.
        ///
        /// With the board at hand its own capabilities count.
        public var limits: BoardLimits?
        /// What an instrument is set to before each block, as it was written, in the order of the file.
        public var settings: [Setting] = []
        /// The program, with its arguments, that serves the address; `bellctl lab up` starts it.
        public var run: [String] = []
        /// A simulated board that gets what this one gets and whose answers are compared.
        public var shadow: DeviceAddress?
        public var place: SourcePlace

        public init(
            name: String, driver: Driver, node: Node?, address: DeviceAddress, limits: BoardLimits?, place: SourcePlace
        ) {
            self.name = name
            self.driver = driver
            self.node = node
            self.address = address
            self.limits = limits
            self.place = place
        }
    }

    /// One value that an instrument has during a block.
    public struct Setting: Equatable, Sendable {
        public var key: String
        public var value: String
        public var place: SourcePlace
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
    /// Seconds that pass in the laboratory with each second of trials; nil for the wall clock. For simulated boards only.
    public var timeFactor: Double?
    /// The program, with its arguments, that tells a person that a campaign needs one; empty for none.
    public var callPerson: [String] = []

    /// The devices beside the boards, in the order of the file.
    public var instruments: [Device] { devices.filter { $0.driver != .board } }

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
