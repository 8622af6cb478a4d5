//! Finds secrets in a text: a whole secret or a part, on one line or on several.

use std::collections::BTreeMap;

/// This many bytes of a secret in a row, a run, are secret too. Fewer say little, and may occur by chance.
const RUN: usize = 16;

/// If a secret is cut into blocks of this length, each run contains a whole block. A secret shorter than a block may
/// occur by chance, so nothing looks for it.
const BLOCK: usize = 8;
const _: () = assert!(2 * BLOCK - 1 <= RUN);

/// Replaces each run of a secret in a text by `[token]`, even if line breaks or other bytes that are not visible ASCII
/// interrupt it. None if there is no run. The time grows with the lengths, not with their product.
pub(crate) fn redacted<'a>(secrets: impl Iterator<Item = &'a str>, text: &str) -> Option<String> {
    let mut occurs = [false; 256];
    text.bytes().for_each(|byte| occurs[usize::from(byte)] = true);
    // Keeps the check of a reply's request id cheap: a token rarely has a block with only the letters of a GUID.
    let may_be_shown = |block: &[u8]| block.iter().all(|byte| occurs[usize::from(*byte)]);
    let secrets = secrets.map(str::as_bytes);
    let mut secrets = secrets.filter(|secret| secret.chunks_exact(BLOCK).any(may_be_shown)).peekable();
    secrets.peek()?;
    let visible: Vec<u8> = text.bytes().filter(u8::is_ascii_graphic).collect();
    let mut is_secret = vec![false; visible.len()];
    secrets.for_each(|secret| mark(secret, &visible, &mut is_secret));
    is_secret.contains(&true).then(|| replaced(text, &is_secret))
}

/// Marks the bytes that are in a run of the secret. A short secret is one run.
fn mark(secret: &[u8], visible: &[u8], is_secret: &mut [bool]) {
    let length = secret.len().min(RUN);
    let mut runs: BTreeMap<&[u8], bool> = visible.windows(length).map(|run| (run, false)).collect();
    for run in secret.windows(length) {
        if let Some(is_shown) = runs.get_mut(run) {
            *is_shown = true;
        }
    }
    for (at, run) in visible.windows(length).enumerate() {
        if runs[run] {
            is_secret[at..at + length].fill(true);
        }
    }
}

/// Puts `[token]` in place of the secret bytes. `is_secret` has one entry for each visible byte.
fn replaced(text: &str, is_secret: &[bool]) -> String {
    let visible = text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_graphic());
    let places: Vec<(usize, bool)> = visible.zip(is_secret).map(|((at, _), secret)| (at, *secret)).collect();
    let mut replaced = String::new();
    let mut rest = 0;
    for echo in places.chunk_by(|a, b| a.1 == b.1).filter(|places| places[0].1) {
        replaced.push_str(&text[rest..echo[0].0]);
        replaced.push_str("[token]");
        rest = echo[echo.len() - 1].0 + 1;
    }
    replaced.push_str(&text[rest..]);
    replaced
}
