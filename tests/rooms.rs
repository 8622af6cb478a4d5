//! The rooms of `src`: each may use the rooms below it, but none above.

use std::fs;
use std::path::Path;

/// From the top to the bottom. The files beside the rooms are the face.
const ROOMS: [&str; 8] = ["ffi", "face", "wait", "transport", "service", "outcome", "config", "text"];

fn level(room: &str) -> usize {
    let face = 1;
    ROOMS.iter().position(|name| *name == room).unwrap_or(face)
}

/// Calls `check` with the room, the path and the text of each source file.
fn for_each_file(folder: &Path, room: &str, check: &mut impl FnMut(&str, &Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            for_each_file(&path, if room == "face" { name } else { room }, check);
        } else {
            check(room, &path, &fs::read_to_string(&path).unwrap());
        }
    }
}

/// The rooms that a line of code names, as `crate::room`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap();
    code.split("crate::")
        .skip(1)
        .map(|rest| rest.split(|c: char| c != '_' && !c.is_alphanumeric()).next().unwrap())
}

#[test]
fn no_room_uses_one_above_it() {
    let (mut seen, mut wrong) = (Vec::new(), Vec::new());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for_each_file(&root, "face", &mut |room, path, text| {
        assert!(ROOMS.contains(&room), "{} is in no room of the list", path.display());
        seen.push(level(room));
        for (number, line) in text.lines().enumerate() {
            for used in named(line).filter(|used| level(used) < level(room)) {
                wrong.push(format!("{}:{}: {room} uses {used}", path.display(), number + 1));
            }
        }
    });
    assert_eq!(wrong, [""; 0]);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, Vec::from_iter(0..ROOMS.len()), "a room of the list is empty");
}
