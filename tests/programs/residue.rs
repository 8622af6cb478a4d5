//! Finds copies of a secret in another process's memory.

use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// The size of a word of memory, and of the parts of a secret to look for. Any 15 bytes in a row contain an aligned
/// word, wherever they are.
const WORD: usize = 8;

/// A copy of a secret, or a part of one.
#[derive(Debug)]
pub(crate) struct Copy {
    /// The mapping's name in `/proc/PID/maps`, which may be empty.
    #[allow(dead_code, reason = "shown where a test fails")]
    pub(crate) mapping: String,
    pub(crate) length: usize,
}

/// All words of some secrets.
pub(crate) struct Words(HashSet<[u8; WORD]>);

impl Words {
    /// The secrets must not contain a NUL.
    pub(crate) fn of<'a>(secrets: impl IntoIterator<Item = &'a [u8]>) -> Words {
        let windows = secrets.into_iter().flat_map(|secret| secret.windows(WORD));
        Words(windows.map(|word| word.try_into().unwrap()).collect())
    }

    /// Looks at the last byte first, because it is 0 in numbers and addresses, which fill most of the memory.
    fn has(&self, word: &[u8]) -> bool {
        word[WORD - 1] != 0 && self.0.contains(word)
    }
}

/// The copies of the secrets, and of parts of them, in all writable memory of a process.
pub(crate) fn copies(process: u32, secrets: &Words) -> Vec<Copy> {
    // Start again if a mapping disappears before it is read, because a thread has ended.
    loop {
        if let Ok(copies) = look(process, secrets) {
            return copies;
        }
    }
}

fn look(process: u32, words: &Words) -> std::io::Result<Vec<Copy>> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).expect("the process lives");
    let memory =
        File::open(format!("/proc/{process}/mem")).expect("a process's memory is its parent's to read");
    let mut copies = Vec::new();
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
        if rights.starts_with("rw") {
            let (begin, end) = range.split_once('-').unwrap();
            let [begin, end] = [begin, end].map(|text| u64::from_str_radix(text, 16).unwrap());
            let mut bytes = vec![0; usize::try_from(end - begin).unwrap()];
            memory.read_exact_at(&mut bytes, begin)?;
            let mapping = fields.nth(3).unwrap_or_default();
            copies.extend(lengths(&bytes, words).map(|length| Copy { mapping: mapping.to_owned(), length }));
        }
    }
    Ok(copies)
}

/// The lengths of all runs of words from the secrets.
fn lengths(bytes: &[u8], words: &Words) -> impl Iterator<Item = usize> {
    let mut all = bytes.chunks_exact(WORD);
    std::iter::from_fn(move || {
        all.by_ref().find(|word| words.has(word))?;
        Some(WORD * (1 + all.by_ref().take_while(|word| words.has(word)).count()))
    })
}

#[test]
fn whole_secrets_and_parts_are_found_wherever_they_lie() {
    let secret: Vec<u8> = (b'0'..b'z').collect();
    let words = Words::of([&*secret]);
    for offset in 0..WORD {
        let mut memory = vec![0; 1024];
        memory[100 + offset..][..secret.len()].copy_from_slice(&secret);
        memory[500 + offset..][..15].copy_from_slice(&secret[20..35]);
        let found: Vec<_> = lengths(&memory, &words).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0] + 2 * WORD > secret.len());
        assert_eq!(lengths(&[0; 64], &words).count(), 0);
    }
}
