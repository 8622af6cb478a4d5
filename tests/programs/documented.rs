//! Every public item has an example. Examples that the doc tests only compile run here, in a user's program, which the
//! emulator's two variables lead to the emulator.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use autopilot_emulator::{Access, Behaviour, Config, Emulator, Past, Token};

use crate::emulators::quick;
use crate::{consumer, pages};

/// An example that needs the service: its place, and its code with the hidden lines.
struct Example {
    place: String,
    code: String,
}

/// The documentation by name: the README, the pages in `docs/`, and the sources except the C ABI, whose examples are in
/// C.
fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let list = if path.is_dir() { &mut folders } else { &mut paths };
            list.push(path);
        }
    }
    paths.retain(|path| !path.starts_with(root.join("src/ffi")));
    paths.sort();
    let name = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
    let sources = paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap()));
    pages::all().into_iter().chain(sources).collect()
}

/// The public items of a source, as `line: item`, that have no example. What is `pub` is public: clippy sees to that.
fn without_example(source: &str) -> Vec<String> {
    let (mut fence, mut has_example) = (None, false);
    let mut missing = Vec::new();
    for (number, line) in source.lines().map(str::trim_start).enumerate() {
        let is_item = ["fn ", "const ", "struct ", "enum ", "type ", "trait ", "static ", "macro "]
            .iter()
            .any(|kind| line.strip_prefix("pub ").is_some_and(|item| item.starts_with(kind)));
        if is_item && !has_example {
            missing.push(format!("{}: {line}", number + 1));
        }
        if let Some(kind) = line.strip_prefix("/// ```") {
            has_example |= matches!(fence, Some("" | "no_run"));
            fence = if fence.is_none() { Some(kind) } else { None };
        } else if !line.starts_with("///") && !line.starts_with("#[") {
            has_example = false;
        }
    }
    missing
}

/// The examples of a file that are marked `no_run`.
fn examples(name: &str, text: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut open: Option<Example> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let line = if name.ends_with(".md") { line } else { line.trim_start_matches(['/', '!']) };
        let line = line.strip_prefix(' ').unwrap_or(line);
        match &mut open {
            Some(_) if line == "```" => examples.extend(open.take()),
            Some(example) => {
                let shown = line.strip_prefix("# ").unwrap_or(line);
                example.code += &format!("{}\n", if shown == "#" { "" } else { shown });
            }
            None if line.starts_with("```") && line.ends_with("no_run") => {
                open = Some(Example { place: format!("{name}:{}", number + 1), code: String::new() });
            }
            None => {}
        }
    }
    examples
}

fn all_examples() -> Vec<Example> {
    files().iter().flat_map(|(name, text)| examples(name, text)).collect()
}

/// A program that runs the example whose number is its argument.
pub(crate) fn program() -> String {
    let mut program = String::from("#![allow(unused)]\n\n");
    let mut arms = String::new();
    for (number, Example { place, code }) in all_examples().iter().enumerate() {
        let code = if code.contains("fn main()") {
            code.replace("fn main()", "pub fn main()")
        } else if code.contains("Ok::<(), autopilot_sync::Error>(())") {
            format!("pub fn main() -> Result<(), autopilot_sync::Error> {{\n{code}}}\n")
        } else {
            format!("pub fn main() {{\n{code}}}\n")
        };
        writeln!(program, "/// {place}\nmod example_{number} {{\n{code}}}\n").unwrap();
        writeln!(arms, "        {number} => example_{number}::main().report(),").unwrap();
    }
    program
        + &format!(
            "fn main() -> std::process::ExitCode {{
    use std::process::Termination;
    match std::env::args().nth(1).and_then(|number| number.parse().ok()).expect(\"a number\") {{
{arms}        other => panic!(\"no example {{other}}\"),
    }}
}}
"
        )
}

/// A service whose syncs take a moment, and the tokens of the examples' hidden lines.
fn emulator() -> Emulator {
    let behaviour = quick();
    let recent = Behaviour { last_sync: Past::Ago(Duration::ZERO), ..behaviour.clone() };
    Emulator::start(
        Config { behaviour, ..Config::default() }
            .token("read-only", Token::new(Access::ReadOnly))
            .token("trigger-only", Token::new(Access::TriggerOnly))
            .token("expired", Token::new(Access::Expired))
            .token("challenged", Token::new(Access::Challenged))
            .tenant("recent", recent)
            .token("recent", Token::new(Access::Full).of("recent")),
    )
}

#[test]
fn every_public_item_has_an_example() {
    for (name, source) in files().iter().filter(|(name, _)| name.ends_with(".rs")) {
        assert_eq!(without_example(source), [""; 0], "{name}: documented without an example");
    }
}

#[test]
fn a_missing_example_is_seen() {
    let fenced = |kind: &str| {
        format!("/// Text.\n///\n/// ```{kind}\n/// f();\n/// ```\n#[must_use]\npub fn f() {{}}\n")
    };
    let item = ["7: pub fn f() {}"];
    for (source, expected) in [
        (fenced(""), &[][..]),
        (fenced("no_run"), &[]),
        (fenced("text"), &item),
        (fenced("ignore"), &item),
        (format!("{}\n/// Text.\npub const fn g() {{}}\n", fenced("")), &["10: pub const fn g() {}"]),
        ("pub(crate) fn f() {}\nfn g() {}\n".to_owned(), &[]),
    ] {
        assert_eq!(without_example(&source), expected, "{source}");
    }
}

#[test]
fn examples_that_need_the_service_do_what_they_say() {
    let program = consumer::program("documented");
    let examples = all_examples();
    assert!(examples.len() > 30, "they are found");
    let queue = Mutex::new(examples.iter().enumerate());
    let next = || queue.lock().unwrap().next();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some((number, example)) = next() {
                    run(&program, number, example);
                }
            });
        }
    });
}

fn run(program: &Path, number: usize, example: &Example) {
    let emulator = emulator();
    let mut command = emulator.command(program);
    command.env("AZURE_TENANT_ID", "default").env("AZURE_CLIENT_ID", "an-application");
    command.env("AZURE_CLIENT_SECRET", "a-secret").env("AUTOPILOT_TOKEN", "a-token");
    let answer = command.arg(number.to_string()).output().unwrap();
    let said = String::from_utf8_lossy(&answer.stderr);
    assert!(answer.status.success(), "{}: {said}\n{}", example.place, example.code);
}
