//! `include/autopilot_sync.h` is as cbindgen generates it, and every C and C++ compiler accepts it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use autopilot_emulator::{Config, Emulator};

use crate::compiler;
use crate::program::{self, Program};

const C_STANDARDS: &[&str] = &["c99", "c11", "c17", "c2x"];
const CPP_STANDARDS: &[&str] = &["c++11", "c++14", "c++17", "c++20", "c++2b"];
const STRICT: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"];

/// The header that this build's cbindgen made.
fn made() -> String {
    fs::read_to_string(concat!(env!("OUT_DIR"), "/autopilot_sync.h"))
        .expect("the feature capi makes the header")
}

fn committed_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("include/autopilot_sync.h")
}

#[test]
fn the_committed_header_is_fresh() {
    let committed = fs::read_to_string(committed_path()).unwrap();
    assert!(
        committed == made(),
        "include/autopilot_sync.h is stale. Make it anew, and read what changed:\n\
         cp {}/autopilot_sync.h include/autopilot_sync.h",
        env!("OUT_DIR")
    );
}

#[test]
fn every_standard_takes_it_alone_and_twice() {
    for (compiler, standards, ending) in
        [(compiler::c(), C_STANDARDS, "c"), (compiler::cpp(), CPP_STANDARDS, "cpp")]
    {
        let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("twice.{ending}"));
        let uses = "int main(void) { autopilot_result result = AUTOPILOT_OK; return (int)result; }";
        let include = "#include \"autopilot_sync.h\"\n";
        fs::write(&source, format!("{include}{include}{uses}\n")).unwrap();
        for standard in standards {
            let mut command = Command::new(compiler);
            command
                .arg(format!("-std={standard}"))
                .args(STRICT)
                .arg("-I")
                .arg(committed_path().parent().unwrap());
            compiler::run(command.arg(&source));
        }
    }
}

/// The header's branch for C23. Older compilers give their C23 another version number, so this tries a copy of the
/// header that always takes the branch. gcc has enums with a fixed type since 13, clang in every version:
/// tests/sanitizers.sh runs this with clang.
#[test]
fn the_branch_for_c23_makes_enums_of_a_fixed_type() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c23");
    fs::create_dir_all(&folder).unwrap();
    let header = fs::read_to_string(committed_path()).unwrap();
    assert_eq!(header.matches("202311L").count(), 1);
    fs::write(folder.join("autopilot_sync.h"), header.replace("202311L", "202000L")).unwrap();
    // On other systems, an enum without a negative value is unsigned in both compilers.
    let is_signed = "_Static_assert(_Generic((enum autopilot_cloud)0, int32_t: 1, default: 0), \"\");";
    let is_one_type = "static autopilot_cloud is_one_type(enum autopilot_cloud *one) { return *one; }";
    let uses = "int main(void) { enum autopilot_cloud cloud = AUTOPILOT_CLOUD_CHINA; return is_one_type(&cloud) != 3; }";
    let text = format!("#include \"autopilot_sync.h\"\n{is_signed}\n{is_one_type}\n{uses}\n");
    fs::write(folder.join("uses.c"), text).unwrap();
    let c23 = || {
        let mut command = Command::new(compiler::c());
        command.args(["-std=c2x", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]);
        command
    };
    let typed = folder.join("typed.c");
    fs::write(&typed, "enum typed : int { one = 1 };\n").unwrap();
    if c23().arg(&typed).output().unwrap().status.success() {
        compiler::run(c23().arg("-I").arg(&folder).arg(folder.join("uses.c")));
    } else {
        let version = compiler::run(Command::new(compiler::c()).arg("--version"));
        assert!(!version.contains("clang"), "clang has enums of a fixed type: {version}");
    }
}

#[test]
fn every_constant_has_its_name() {
    let kinds = [
        ("AUTOPILOT_SYNC_STATUS_", "sync_status"),
        ("AUTOPILOT_TRIGGER_", "trigger"),
        ("AUTOPILOT_PHASE_", "phase"),
        ("AUTOPILOT_CLOUD_", "cloud"),
        ("AUTOPILOT_EVENT_", "event"),
        ("AUTOPILOT_GOAL_", "goal"),
    ];
    let header = fs::read_to_string(committed_path()).unwrap();
    let constants = header.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "));
    let checks: Vec<String> = constants
        .filter(|(name, _)| !name.starts_with("AUTOPILOT_SECRET_")) // programs only write them in their source
        .map(|(name, _)| {
            let kind =
                kinds.iter().find(|(prefix, _)| name.starts_with(prefix)).map_or("result", |(_, kind)| kind);
            format!("    CHECK(strcmp(autopilot_{kind}_name({name}), \"{name}\") == 0);\n")
        })
        .collect();
    assert!(checks.len() > 45, "{checks:?}");
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("constants.c");
    let check = program::folder().join("check.h");
    let text = format!(
        "#include \"{}\"\nint main(void)\n{{\n{}    return 0;\n}}\n",
        check.display(),
        checks.concat()
    );
    fs::write(&source, text).unwrap();
    compiler::run(&mut Program::c(&source).plainly_against(&Emulator::start(Config::default())));
}

#[test]
fn the_library_exports_the_declared_functions_and_nothing_else() {
    let declared = declared_functions(&fs::read_to_string(committed_path()).unwrap());
    assert!(declared.contains("autopilot_sync"));
    let listing = compiler::run(Command::new("nm").args(["-D", "--defined-only"]).arg(compiler::library()));
    let exported: BTreeSet<String> =
        listing.lines().filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect();
    assert_eq!(exported, declared);
    let committed =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/abi/exports.txt")).unwrap();
    assert!(committed.lines().eq(&declared), "tests/abi/exports.txt is stale: tests/abi.sh --accept");
}

#[test]
fn no_function_is_without_a_test_in_c() {
    let declared = declared_functions(&fs::read_to_string(committed_path()).unwrap());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sources = files.filter(|path| path.extension().is_some_and(|ending| ending == "c" || ending == "h"));
    let sources: String = sources.map(|source| fs::read_to_string(source).unwrap()).collect();
    assert_eq!(uncalled(&declared, &sources), Vec::<&str>::new());
}

#[test]
fn a_function_without_a_test_is_noticed() {
    let declared = declared_functions("void autopilot_one(void);\nint autopilot_one_more(int x);\n");
    assert_eq!(uncalled(&declared, "f(autopilot_one(), autopilot_one_more (1));"), Vec::<&str>::new());
    for source in [
        "autopilot_one();",
        "autopilot_one(); /* autopilot_one_more(1); */",
        "autopilot_one(); autopilot_one_more;",
    ] {
        assert_eq!(uncalled(&declared, source), ["autopilot_one_more"], "{source}");
    }
    assert_eq!(uncalled(&declared, "autopilot_one_more(1);"), ["autopilot_one"]);
}

/// The functions that a C source does not call.
fn uncalled<'a>(declared: &'a BTreeSet<String>, source: &str) -> Vec<&'a str> {
    let mut parts = source.split("/*");
    let code: String =
        parts.next().into_iter().chain(parts.filter_map(|part| Some(part.split_once("*/")?.1))).collect();
    let called = before_parentheses(&code);
    declared.iter().filter(|name| !called.contains(*name)).map(String::as_str).collect()
}

/// The names before a parenthesis, outside comments.
fn declared_functions(header: &str) -> BTreeSet<String> {
    let code: String = header
        .lines()
        .filter(|line| !line.trim_start().starts_with("//") && !line.starts_with(" *"))
        .collect();
    before_parentheses(&code)
}

fn before_parentheses(code: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let names = code.split('(').filter_map(|text| text.trim_end().rsplit(|c| !is_name(c)).next());
    names.filter(|name| name.starts_with("autopilot_")).map(str::to_owned).collect()
}
