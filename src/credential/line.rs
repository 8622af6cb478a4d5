//! One line of visible ASCII: a secret, a token or a key.

/// The line, without a line break at its end. None if there is anything else in it. It may be empty.
pub(crate) fn visible_line(bytes: &[u8]) -> Option<&str> {
    let line = bytes.strip_suffix(b"\n").map_or(bytes, |line| line.strip_suffix(b"\r").unwrap_or(line));
    std::str::from_utf8(line).ok().filter(|line| line.bytes().all(|byte| byte.is_ascii_graphic()))
}
