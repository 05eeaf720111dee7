// swift-tools-version: 6.2
import PackageDescription

// Every Swift target is compiled with the same settings.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library of `Sources/`. The allowed edges are the table in docs/architecture.md; `make layers` compares.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A library of `Drivers/`.
func driver(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Drivers/\(name)", swiftSettings: strict)
}

/// An executable: parses arguments, calls one module, ends with an exit code.
func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of one target, in `Tests/<target>Tests`; all of them speak BellModel's words.
func tests(of name: String, _ more: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    let vocabulary: [Target.Dependency] = name == "BellModel" ? [] : ["BellModel"]
    return .testTarget(
        name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + vocabulary + more, exclude: exclude,
        swiftSettings: strict)
}

let package = Package(
    name: "belld",
    products: [
        .executable(name: "belld", targets: ["belld"]),
        .executable(name: "bellcert", targets: ["bellcert"]),
        .executable(name: "bellbeacon", targets: ["bellbeacon"]),
        .executable(name: "bellctl", targets: ["bellctl"]),
        .executable(name: "mocklab", targets: ["mocklab"]),
    ],
    targets: [
        // C libraries of Debian; pkgConfig is left off because libzmq's flags warn at every build.
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CPNG", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CBZip2", providers: [.apt(["libbz2-dev"])]),
        .systemLibrary(name: "CMinpack", providers: [.apt(["libcminpack-dev"])]),
        .systemLibrary(name: "CMicroHTTPD", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CLibUSB", providers: [.apt(["libusb-1.0-0-dev"])]),
        // Our own C: kernels Swift cannot express well, and the calls Swift cannot import.
        .target(name: "CKernels"),
        .target(name: "CShims"),

        // libm is named because nothing but C modules asks for it.
        .target(name: "BellModel", swiftSettings: strict, linkerSettings: [.linkedLibrary("m")]),
        library("BellCommandLine", ["BellModel"]),

        library("BellHost", ["BellModel", "CShims"]),
        library("BellZeroMQ", ["BellModel", "CZeroMQ", "CShims"]),
        library("BellSQLite", ["BellModel", "CSQLite", "CShims"]),
        library("BellCrypto", ["BellModel", "CKernels", "CSodium"]),
        library("BellYAML", ["BellModel", "CYAML"]),
        library("BellZstd", ["BellModel", "CZstd"]),
        library("BellHTTP", ["BellModel", "CMicroHTTPD"]),

        library("BellTiming", ["BellModel"]),
        library("BellSequence", ["BellModel", "BellYAML", "BellTiming"]),
        library("BellStatistics", ["BellModel"]),
        library("BellRandomness", ["BellModel", "BellStatistics", "CKernels", "CBZip2"]),

        library("BellFit", ["CMinpack"]),
        library("BellPlot"),
        library("BellPicture", ["BellModel", "CPNG"]),

        library("BellAudit", ["BellModel", "BellTiming"]),

        driver("DriverKit", ["BellModel", "CKernels"]),
        driver("Board", ["BellModel", "DriverKit"]),
        driver("ZeroMQTransport", ["BellModel", "DriverKit", "BellZeroMQ"]),
        driver("USBTransport", ["BellModel", "BellHost", "DriverKit", "CLibUSB"]),
        driver("RFSwitch", ["BellModel", "BellHost", "DriverKit"]),
        driver("SCPIInstrument", ["BellModel", "DriverKit"]),
        driver("ExternalDriver", ["BellModel", "DriverKit", "BellZeroMQ"]),
        driver("Recording", ["BellModel", "BellHost", "DriverKit"]),
        driver("DriverConformance", ["BellModel", "BellCrypto", "DriverKit", "Board"]),
        driver("VirtualUSB", ["BellModel", "BellHost", "DriverKit"]),
        driver(
            "MockLab", ["BellModel", "CKernels", "DriverKit", "BellYAML", "BellCrypto", "BellZeroMQ", "VirtualUSB"]),
        // From a device of lab.yaml to its driver, whatever the way.
        driver(
            "Devices",
            [
                "BellModel", "BellHost", "BellYAML", "BellZeroMQ", "BellSequence", "DriverKit", "ZeroMQTransport",
                "USBTransport", "RFSwitch", "SCPIInstrument", "ExternalDriver", "Recording", "VirtualUSB", "MockLab",
            ]),

        library("BellJournal", ["BellModel", "BellSQLite", "BellCrypto", "BellZstd"]),
        library(
            "BellCalibration",
            [
                "BellModel", "BellHost", "BellSQLite", "BellCrypto", "BellYAML", "BellTiming", "BellSequence",
                "BellFit", "BellPlot",
            ]),
        library("BellStream", ["BellModel", "BellZeroMQ"]),
        library("BellControl", ["BellModel", "BellZeroMQ"]),
        library(
            "BellCertification",
            ["BellModel", "BellStatistics", "BellTiming", "BellAudit", "BellCrypto", "BellJournal"]),
        // The certified bits of campaigns, and the ledger of who was given which.
        library(
            "BellPool",
            [
                "BellModel", "BellHost", "BellSQLite", "BellCrypto", "BellRandomness", "BellJournal",
                "BellCertification",
            ]),
        // Pulses of certified bits: the chain, the service, and how anybody checks them.
        library(
            "BellBeacon", ["BellModel", "BellHost", "BellSQLite", "BellCrypto", "BellHTTP", "BellPool"]),
        library(
            "BellCampaign",
            [
                "BellModel", "BellYAML", "BellTiming", "BellStatistics", "BellAudit", "BellCrypto", "DriverKit",
                "Board",
                "BellJournal",
            ]),

        library(
            "BellDaemon",
            [
                "BellModel", "BellCommandLine", "BellHost", "BellZeroMQ", "BellCrypto", "BellYAML", "BellSequence",
                "BellTiming", "BellStatistics", "BellRandomness", "BellAudit", "DriverKit", "Board", "Recording",
                "DriverConformance",
                "Devices", "BellJournal", "BellStream", "BellControl", "BellCampaign", "BellCalibration",
            ]),
        library(
            "BellCertifier",
            [
                "BellModel", "BellHost", "BellZeroMQ", "BellSQLite", "BellCrypto", "BellStatistics", "BellStream",
                "BellCertification",
            ]),
        library(
            "BellControlTool",
            [
                "BellModel", "BellCommandLine", "BellHost", "BellZeroMQ", "BellCrypto", "BellYAML", "BellSequence",
                "DriverKit", "Board", "Recording", "DriverConformance", "ExternalDriver", "Devices", "BellJournal",
                "BellControl", "BellCampaign", "BellCertification", "BellPlot", "BellCalibration", "BellRandomness",
                "BellPool", "BellPicture", "BellBeacon",
            ]),

        executable("belld", ["BellHost", "BellDaemon"]),
        executable("bellcert", ["BellModel", "BellCommandLine", "BellHost", "BellCertifier"]),
        executable("bellbeacon", ["BellModel", "BellCommandLine", "BellHost", "BellBeacon"]),
        executable("bellctl", ["BellHost", "BellControlTool"]),
        executable("mocklab", ["BellModel", "BellCommandLine", "BellHost", "MockLab"]),

        // Not shipped; `make bench`.
        .executableTarget(
            name: "bellbench",
            dependencies: [
                "BellModel", "BellCommandLine", "BellHost", "BellZeroMQ", "BellCrypto", "BellZstd", "BellTiming",
                "BellAudit", "BellRandomness", "DriverKit", "USBTransport", "RFSwitch", "SCPIInstrument", "VirtualUSB",
                "BellStream", "BellControl", "BellFit", "BellSequence", "BellYAML", "BellStatistics", "MockLab",
                "BellCertification", "CKernels",
            ], path: "Benchmarks/bellbench", swiftSettings: strict),

        // What many tests need: folders, numbers without pattern, waiting, clocks.
        .target(
            name: "TestSupport", dependencies: ["BellModel", "BellHost"], path: "Tests/TestSupport",
            swiftSettings: strict),

        // For tests that meet simulated devices through the real libusb; see docs/virtual-usb.md.
        .target(
            name: "USBTestbed", dependencies: ["BellModel", "VirtualUSB"], path: "Tests/USBTestbed",
            swiftSettings: strict),

        tests(of: "BellModel"),
        tests(of: "BellCommandLine"),
        tests(of: "BellHost", ["CShims", "TestSupport"]),
        tests(of: "BellZeroMQ", ["TestSupport"]),
        tests(of: "BellSQLite", ["TestSupport"]),
        tests(of: "BellCrypto", ["TestSupport"], exclude: ["Reference"]),
        tests(of: "BellYAML"),
        tests(of: "BellZstd"),
        tests(of: "BellHTTP"),
        tests(of: "BellTiming"),
        tests(of: "BellSequence", ["TestSupport", "BellYAML", "BellTiming"]),
        tests(of: "BellStatistics", ["TestSupport"]),
        tests(of: "BellAudit", ["TestSupport", "BellTiming"]),
        tests(of: "DriverKit", ["TestSupport", "CKernels"]),
        tests(of: "Board", ["DriverKit"]),
        tests(of: "ZeroMQTransport", ["DriverKit", "BellZeroMQ"]),
        tests(
            of: "MockLab",
            [
                "DriverKit", "Board", "BellSequence", "BellYAML", "BellCrypto", "BellTiming", "BellZeroMQ", "BellHost",
                "BellAudit", "USBTransport", "VirtualUSB",
            ], exclude: ["Reference"]),
        tests(of: "BellRandomness", ["TestSupport", "CKernels"], exclude: ["Reference"]),
        tests(
            of: "BellPool",
            ["TestSupport", "BellHost", "BellSQLite", "BellCrypto", "BellRandomness", "BellCertification"]),
        tests(
            of: "BellBeacon",
            ["TestSupport", "BellHost", "BellSQLite", "BellCrypto", "BellHTTP", "BellPool", "bellbeacon"],
            exclude: ["Reference"]),
        tests(of: "BellFit", exclude: ["Reference"]),
        tests(of: "BellPlot"),
        tests(of: "BellPicture", ["TestSupport"]),
        tests(
            of: "BellCalibration",
            [
                "TestSupport", "BellHost", "BellSQLite", "BellCrypto", "BellYAML", "BellSequence", "BellFit",
                "BellPlot", "DriverKit",
                "MockLab",
            ], exclude: ["LinkReference"]),
        tests(of: "USBTransport", ["DriverKit", "VirtualUSB", "USBTestbed", "Board"]),
        tests(of: "RFSwitch", ["TestSupport", "DriverKit", "VirtualUSB"]),
        tests(of: "SCPIInstrument", ["TestSupport", "DriverKit", "VirtualUSB"]),
        tests(
            of: "ExternalDriver", ["TestSupport", "DriverKit", "BellZeroMQ", "Board", "ZeroMQTransport", "BellHost"]),
        tests(of: "Recording", ["DriverKit", "Board", "MockLab"]),
        tests(of: "DriverConformance", ["DriverKit", "Board", "MockLab", "BellZeroMQ", "ZeroMQTransport"]),
        tests(of: "VirtualUSB", ["DriverKit", "USBTestbed"]),
        // Simulated devices through the real libusb; run by Tests/USB/run and Tests/USB/kernel/run, skipped elsewhere.
        .testTarget(
            name: "USBStackTests",
            dependencies: [
                "BellModel", "DriverKit", "USBTransport", "RFSwitch", "SCPIInstrument", "VirtualUSB", "USBTestbed",
            ], swiftSettings: strict),
        tests(
            of: "Devices",
            [
                "BellHost", "BellYAML", "BellSequence", "BellZeroMQ", "Board", "DriverKit", "MockLab", "Recording",
                "VirtualUSB",
            ]),
        tests(of: "BellJournal", ["TestSupport", "BellCrypto", "BellSQLite"]),
        tests(of: "BellStream", ["TestSupport", "BellZeroMQ"]),
        tests(of: "BellControl", ["TestSupport", "BellZeroMQ"]),
        tests(
            of: "BellCertification",
            [
                "TestSupport", "BellStatistics", "BellJournal", "BellAudit", "BellTiming", "BellCrypto", "BellSQLite",
                "MockLab",
            ]),
        // Campaigns by the hundred through the certificate; `make test-soundness` plays thousands (docs/soundness.md).
        .testTarget(
            name: "SoundnessTests",
            dependencies: [
                "BellModel", "BellTiming", "BellStatistics", "BellAudit", "BellCrypto", "BellJournal",
                "BellCertification", "BellCampaign", "MockLab",
            ], swiftSettings: strict),
        tests(
            of: "BellCampaign",
            [
                "TestSupport", "BellYAML", "BellSequence", "BellStatistics", "BellAudit", "BellCrypto", "BellHost",
                "DriverKit", "Board", "MockLab", "BellJournal",
            ]),
        tests(
            of: "BellDaemon",
            [
                "TestSupport", "BellHost", "BellYAML", "BellCrypto", "BellSQLite", "BellZeroMQ", "BellControl",
                "BellStream", "BellJournal", "BellCampaign", "BellSequence", "DriverKit", "Board", "MockLab",
                "Devices", "Recording", "SCPIInstrument", "VirtualUSB",
                "BellRandomness", "BellCalibration", "BellPlot", "BellStatistics",
            ]),
        tests(
            of: "BellCertifier",
            [
                "TestSupport", "BellHost", "BellZeroMQ", "BellSQLite", "BellCrypto", "BellTiming", "BellAudit",
                "BellStream", "BellCertification", "BellStatistics", "bellcert",
            ]),
        tests(
            of: "BellControlTool",
            [
                "TestSupport", "BellCommandLine", "BellHost", "BellYAML", "BellZeroMQ", "BellCrypto", "BellJournal",
                "BellControl", "BellSequence", "BellPlot", "Devices", "DriverKit", "ExternalDriver", "Recording",
                "VirtualUSB", "BellCertification", "BellStatistics", "BellPicture",
                "BellPool",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
