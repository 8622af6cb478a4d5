//! The rooms of `src`: each may use the rooms below it, but none above. No two files use each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From the top to the bottom. The files next to the rooms are the face.
const ROOMS: [&str; 10] =
    ["ffi", "fleet", "face", "wait", "credential", "transport", "service", "outcome", "config", "text"];

fn level(room: &str) -> usize {
    let face = 2;
    ROOMS.iter().position(|name| *name == room).unwrap_or(face)
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
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
    code(line).split("crate::").skip(1).map(|rest| rest.split(is_no_name).next().unwrap())
}

/// A line without its comment.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap()
}

#[test]
fn no_room_uses_one_above_it() {
    let (mut seen, mut wrong) = (Vec::new(), Vec::new());
    for_each_file(&src(), "face", &mut |room, path, text| {
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

#[test]
fn no_two_files_use_each_other() {
    let (mut modules, mut items) = (BTreeMap::new(), Vec::new());
    for_each_file(&src(), "face", &mut |_, path, text| {
        let path = path.strip_prefix(src()).unwrap();
        let is_of_folder = path.ends_with("mod.rs") || path.ends_with("lib.rs");
        let module = if is_of_folder { path.parent().unwrap().to_owned() } else { path.with_extension("") };
        for line in text.lines().filter(|line| line.starts_with("pub")) {
            items.push((defined(line).to_owned(), module.clone()));
        }
        let tested = text.split("#[cfg(test)]").next().unwrap();
        let code: Vec<&str> = tested.lines().map(code).collect();
        modules.insert(module.clone(), paths(&code.join("\n"), &module));
    });
    let mut uses: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for (module, paths) in &modules {
        let used = paths.iter().map(|path| file_of(path, &modules, &items));
        uses.insert(module, used.filter(|used| used != module).collect());
    }
    // Take out files that use none of the rest, until only circles and their users are left.
    while let Some(last) = uses.iter().find(|(_, used)| !used.iter().any(|used| uses.contains_key(used))) {
        let last = *last.0;
        uses.remove(last);
    }
    assert!(uses.is_empty(), "a circle is among these: {uses:#?}");
    assert!(modules.len() > 80, "few files were found: {}", modules.len());
}

/// The module whose file defines what a path names. A folder's own module only passes most items on.
fn file_of<'a>(
    path: &'a Path,
    modules: &BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    items: &'a [(String, PathBuf)],
) -> &'a Path {
    let module = path.ancestors().find(|part| modules.contains_key(*part)).unwrap();
    let item = path.strip_prefix(module).unwrap().to_str().unwrap();
    let mut defining = items.iter().filter(|(name, file)| name == item && file.starts_with(module));
    defining.next().map_or(module, |(_, file)| file)
}

/// The name of the item that a line defines.
fn defined(line: &str) -> &str {
    const BEFORE: [&str; 13] = [
        "", "pub", "crate", "super", "const", "static", "unsafe", "extern", "C", "fn", "struct", "enum",
        "type",
    ];
    line.split(is_no_name).find(|word| !BEFORE.contains(word)).unwrap_or_default()
}

/// The paths that code of this module names with `crate::` or `super::`, seen from the root.
fn paths(code: &str, module: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start).filter(|(at, _)| !code[..*at].ends_with("::")) {
            let base = if start == "crate::" { Path::new("") } else { module.parent().unwrap() };
            expand(base, &code[at + start.len()..], &mut found);
        }
    }
    found
}

/// Finds the paths of a tree such as `a::{b, c::D}`, which starts the text.
fn expand(base: &Path, tree: &str, found: &mut BTreeSet<PathBuf>) {
    let Some(group) = tree.strip_prefix('{') else {
        let (name, rest) = tree.split_at(tree.find(is_no_name).unwrap_or(tree.len()));
        let path = match name {
            "" | "self" => base.to_owned(),
            "super" => base.parent().unwrap().to_owned(),
            name => base.join(name),
        };
        match rest.strip_prefix("::") {
            Some(rest) => expand(&path, rest, found),
            None => drop(found.insert(path)),
        }
        return;
    };
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            ',' | '}' if depth == 0 => {
                expand(base, group[start..at].trim(), found);
                if c == '}' {
                    return;
                }
                start = at + 1;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
}

fn is_no_name(c: char) -> bool {
    c != '_' && !c.is_alphanumeric()
}
