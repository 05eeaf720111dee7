public import BellModel

extension MarginSummary {
    /// The object of the journal, the stream and the certificate; histograms as `[bin, count]` of the bins in use.
    public var json: JSON {
        [
            "known": JSON(count: known), "unknown": JSON(count: unknown), "ab": MarginSummary.json(ab),
            "ba": MarginSummary.json(ba), "least_sum_ps": MarginSummary.json(leastSum),
            "least_failed_ps": MarginSummary.json(leastFailed),
            "bin_width_ps": .int(MarginSummary.binWidth), "first_edge_ps": .int(MarginSummary.firstEdge),
            "histogram_ab": MarginSummary.json(histogramAB), "histogram_ba": MarginSummary.json(histogramBA),
        ]
    }

    private static func json(_ time: Picoseconds?) -> JSON { time.map { .int($0.count) } ?? .null }

    private static func json(_ extent: Extent?) -> JSON {
        guard let extent else { return .null }
        return ["least_ps": .int(extent.least.count), "greatest_ps": .int(extent.greatest.count)]
    }

    private static func json(_ histogram: [UInt64]) -> JSON {
        .array(
            histogram.indices.filter { histogram[$0] > 0 }.map {
                .array([.int(Int64($0)), JSON(count: histogram[$0])])
            })
    }

    /// Reads what ``json`` wrote, and refuses sums that do not agree.
    ///
    /// - Throws: `json.shape`.
    public init(json: JSON, path: String = "margins") throws(BellError) {
        var reader = try JSONReader(json, path: path)
        known = try reader.count("known")
        unknown = try reader.count("unknown")
        ab = try MarginSummary.extent(reader.optional("ab"), "\(path).ab")
        ba = try MarginSummary.extent(reader.optional("ba"), "\(path).ba")
        leastSum = try MarginSummary.time(reader.optional("least_sum_ps"), "\(path).least_sum_ps")
        leastFailed = try MarginSummary.time(reader.optional("least_failed_ps"), "\(path).least_failed_ps")
        let width = try reader.int("bin_width_ps")
        let edge = try reader.int("first_edge_ps")
        guard Int64(width) == MarginSummary.binWidth, Int64(edge) == MarginSummary.firstEdge else {
            throw BellError(.jsonShape, "The histogram has other bins: \(width) ps from \(edge) ps.", at: path)
        }
        histogramAB = try MarginSummary.histogram(try reader.array("histogram_ab"), known, "\(path).histogram_ab")
        histogramBA = try MarginSummary.histogram(try reader.array("histogram_ba"), known, "\(path).histogram_ba")
        try reader.finish()
        guard (known > 0) == (ab != nil), (known > 0) == (ba != nil) else {
            throw BellError(.jsonShape, "\(known) known margins do not agree with the extents.", at: path)
        }
    }

    private static func time(_ json: JSON?, _ path: String) throws(BellError) -> Picoseconds? {
        guard let json else { return nil }
        guard let count = json.intValue else {
            throw BellError(.jsonShape, "Expected whole picoseconds, found \(json.text.prefix(80)).", at: path)
        }
        return Picoseconds(count)
    }

    private static func extent(_ json: JSON?, _ path: String) throws(BellError) -> Extent? {
        guard let json else { return nil }
        var reader = try JSONReader(json, path: path)
        let least = try reader.int("least_ps")
        let greatest = try reader.int("greatest_ps")
        try reader.finish()
        guard least <= greatest else {
            throw BellError(.jsonShape, "The least value \(least) is above the greatest \(greatest).", at: path)
        }
        return Extent(least: Picoseconds(Int64(least)), greatest: Picoseconds(Int64(greatest)))
    }

    private static func histogram(_ items: [JSON], _ total: UInt64, _ path: String) throws(BellError) -> [UInt64] {
        var histogram = [UInt64](repeating: 0, count: binCount)
        var sum: UInt64 = 0
        for (i, item) in items.enumerated() {
            guard let pair = item.arrayValue, pair.count == 2, let bin = pair[0].intValue,
                let count = pair[1].countValue,
                bin >= 0, bin < binCount, histogram[Int(bin)] == 0
            else { throw BellError(.jsonShape, "Expected [bin, count], once a bin.", at: "\(path)[\(i)]") }
            let (next, overflow) = sum.addingReportingOverflow(count)
            guard !overflow else { throw BellError(.jsonShape, "The sum does not fit 64 bits.", at: path) }
            histogram[Int(bin)] = count
            sum = next
        }
        guard sum == total else {
            throw BellError(.jsonShape, "The bins hold \(sum) trials, not \(total).", at: path)
        }
        return histogram
    }
}
