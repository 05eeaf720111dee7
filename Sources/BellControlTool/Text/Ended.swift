/// The text with a line feed at its end, unless it is empty.
func ended(_ text: String) -> String {
    text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
}
