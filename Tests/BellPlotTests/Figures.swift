import BellPlot
import Foundation

/// Figures that the tests share.
enum Figures {
    /// A measured sinusoid with its fit and a mark.
    static let rabi: Figure = {
        let wave: (Double) -> Double = { 0.5 - 0.45 * cos($0 * 7) }
        let places: [Double] = (0..<11).map { Double($0) / 10 }
        let dense: [Double] = (0..<41).map { Double($0) / 40 }
        let measured: [Double] = places.indices.map { wave(places[$0]) + ($0 % 2 == 0 ? 0.02 : -0.02) }
        let error = [Double](repeating: 0.05, count: 11)
        return Figure(
            title: "Rabi by amplitude, alice", xLabel: "amplitude (fraction of full scale)", yLabel: "P(1)",
            series: [
                .init("measured", x: places, y: measured, error: error),
                .init("fit", .line, x: dense, y: dense.map(wave)),
            ],
            marks: [.init("half π", x: 0.2244), .init("half", y: 0.5)])
    }()

    static let hostileNumbers: [Double] = [
        .nan, .infinity, -.infinity, 1e300, -1e300, 1e149, -1e149, .leastNonzeroMagnitude, -0.0, 1, 1 + 1e-15, 1e-200,
        .greatestFiniteMagnitude,
    ]

    /// What a device or a file could give.
    static var hostile: [Figure] {
        var figures: [Figure] = [Figure(title: "", xLabel: "", yLabel: "")]
        for style in [Figure.Series.Style.points, .line, .steps] {
            for isSquare in [false, true] {
                let columns: [([Double], [Double], [Double])] = [
                    ([], [], []), ([1], [2], []), ([1], [2], [0.5]), ([.nan], [1], []),
                    ([1, 2], [.nan, .infinity], [1]),
                    ([1, 2, 3], [4, 4, 4], []), ([7, 7, 7], [1, 2, 3], [.nan, .infinity, -1]), ([1, 2, 3], [1], []),
                    (hostileNumbers, hostileNumbers, hostileNumbers), (hostileNumbers, hostileNumbers.reversed(), []),
                    ([0, Double.leastNormalMagnitude / 4], [0, Double.leastNormalMagnitude / 4], []),
                    ([1e15, 1e15 + 1], [1e15, 1e15 + 1], []),
                    ([0, 0], [0, 0], [1e149, 0]),
                    ([-1e149, 1e149], [-1e149, 1e149], []),
                ]
                for (x, y, error) in columns {
                    figures.append(
                        Figure(
                            title: "t", xLabel: "x", yLabel: "y", series: [.init("s", style, x: x, y: y, error: error)],
                            marks: hostileNumbers.map { .init("m", x: $0) } + hostileNumbers.map { .init("n", y: $0) },
                            isSquare: isSquare))
                    figures.append(
                        Figure(
                            title: "t", xLabel: "x", yLabel: "y", series: [.init("s", style, x: x, y: y, error: error)],
                            isSquare: isSquare))
                }
            }
        }
        return figures
    }

    /// Names that would be more than text in a page or a terminal.
    static let hostileName = "<script>alert('x')</script>&\"\u{1B}[31m\u{202E}evil\nline"
}
