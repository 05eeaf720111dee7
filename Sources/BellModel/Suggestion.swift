/// Returns the word most like a mistyped one, or nil when none is near enough to be meant.
///
/// Near: at most one insertion, deletion, replacement or swap of neighbours for each three letters, and at least two.
/// Equal distances are settled by the order of `words`. O(words × length²).
public func nearestWord(to word: String, among words: some Sequence<String>) -> String? {
    let limit = max(2, word.count / 3)
    var best: (word: String, distance: Int)?
    for candidate in words {
        // A candidate that would have to be replaced altogether is no suggestion.
        let distance = editDistance(Array(word.prefix(80)), Array(candidate.prefix(80)))
        if distance <= limit, distance < candidate.count, distance < best?.distance ?? .max {
            best = (candidate, distance)
        }
    }
    return best?.word
}

/// Counts insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 0..<a.count {
        var row = [i + 1]
        for j in 0..<b.count {
            var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
            row.append(cost)
        }
        beforeLast = last
        last = row
    }
    return last[b.count]
}
