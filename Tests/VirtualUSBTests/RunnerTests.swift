import Foundation
import Testing
import USBTestbed

/// Tests/USB/run itself.
@Suite(
    .enabled(if: USBTestbed.current == nil, "runs testbeds of its own"),
    .enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/umockdev-wrapper"), "needs umockdev"))
struct RunnerTests {
    @Test(
        "A command's failure is passed on, and a success that opened no device is a failure",
        arguments: [("exit 0", 99), ("exit 3", 3), ("kill -9 $$", 137)] as [(String, Int32)])
    func status(command: String, expected: Int32) throws {
        let process = Process()
        process.executableURL =
            URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../USB/run").standardized
        process.arguments = ["bash", "-c", command]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == expected)
    }
}
