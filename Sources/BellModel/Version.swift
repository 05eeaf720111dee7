/// The version of all belld programs; the journal and the certificate carry it.
public enum Version {
    public static let belld = "0.1.0"
}
