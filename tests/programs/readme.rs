//! The README and the pages in `docs/` are right: their own commands compile their programs, which then run.
//! (`documented.rs` runs the Rust programs.)

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use autopilot_emulator::{Behaviour, Config, Emulator, Registration};
use autopilot_sync::{Client, Credential, ErrorKind, Secret};

use crate::pages::{all, blocks, commands};
use crate::{compiler, python};

/// A folder like the one of the README's reader: the headers, and the release libraries under their names.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("readme-{name}"));
    let libraries = folder.join("target/release");
    fs::create_dir_all(&libraries).unwrap();
    let built = compiler::library().parent().unwrap();
    for library in ["libautopilot_sync.so", "libautopilot_sync.a"] {
        link(&built.join(library), &libraries.join(library));
    }
    for sources in ["include", "bindings"] {
        link(&Path::new(env!("CARGO_MANIFEST_DIR")).join(sources), &folder.join(sources));
    }
    folder
}

fn link(original: &Path, link: &Path) {
    let _ = fs::remove_file(link);
    std::os::unix::fs::symlink(original, link).unwrap();
}

const SECRET: &str = "s3cret+&=";

/// Runs a shell command there, and checks that it called the emulator. It finds a token, and an application's secret.
/// Syncs take two seconds.
fn runs(folder: &Path, command: &str) -> String {
    let behaviour = Behaviour { duration: Duration::from_secs(2), ..Behaviour::default() };
    let registration = Registration { client_secret: Some(SECRET.to_owned()), ..Registration::default() };
    let emulator = Emulator::start(Config { behaviour, registration, ..Config::default() });
    let mut shell = emulator.command("sh");
    shell.args(["-c", command]).current_dir(folder).env("AUTOPILOT_TOKEN", "token");
    shell.env("AZURE_TENANT_ID", "default").env("AZURE_CLIENT_ID", "an-application");
    let out = compiler::run(shell.env("AZURE_CLIENT_SECRET", SECRET));
    assert!(!emulator.requests().is_empty(), "{command}");
    out
}

#[test]
fn c_and_cpp_are_compiled_by_the_readmes_commands_and_run() {
    for (language, file, compiler, number) in
        [("c", "agent.c", "cc -Iinclude agent.c", 4), ("cpp", "agent.cpp", "c++ -std=c++17 -I", 3)]
    {
        let (programs, commands) = (blocks(language), commands(compiler));
        assert_eq!((programs.len(), commands.len()), (number, 1), "{language}");
        let folder = folder(language);
        fs::write(folder.join("client-secret"), SECRET).unwrap();
        // Last the README's own, which its last command runs.
        for program in programs.into_iter().rev() {
            fs::write(folder.join(file), &program).unwrap();
            let strict = format!("{} -Wall -Wextra -Werror", commands[0]);
            compiler::run(Command::new("sh").args(["-c", &strict]).current_dir(&folder));
            let printed = runs(&folder, "./agent");
            assert!(printed.contains("AUTOPILOT_OK"), "{language}: {printed}");
        }
    }
    let mut without_a_tenant =
        commands("AUTOPILOT_TOKEN=").into_iter().filter(|line| line.ends_with("./agent"));
    let without_a_tenant = without_a_tenant.next().unwrap();
    let emulator = compiler::emulator().display().to_string();
    let command = without_a_tenant.replace("cargo run -p autopilot-emulator --", &emulator);
    let printed = compiler::run(Command::new("sh").args(["-c", &command]).current_dir(folder("cpp")));
    assert_eq!(printed, "AUTOPILOT_OK\n");
}

/// The package as `pip install` installs it: on Python's path, with its library.
const INSTALLED: &str =
    "PYTHONPATH=bindings/python/src AUTOPILOT_SYNC_LIBRARY=target/release/libautopilot_sync.so";

#[test]
fn python_runs_as_it_stands() {
    let programs: Vec<String> =
        blocks("python").into_iter().filter(|program| !program.contains("azure")).collect();
    let expected = [(INSTALLED, "ACCEPTED\n"), ("", "AUTOPILOT_OK\n")];
    assert_eq!(programs.len(), expected.len());
    let folder = folder("python");
    for (program, (environment, printed)) in programs.iter().zip(expected) {
        fs::write(folder.join("main.py"), program).unwrap();
        assert_eq!(runs(&folder, &format!("{environment} python3 -B main.py")), printed);
    }
}

/// Microsoft Entra, with an application that has this secret.
fn entra() -> Emulator {
    let registration = Registration { client_secret: Some(SECRET.into()), ..Registration::default() };
    Emulator::start(Config { registration, ..Config::default() })
}

/// A command with the variables of that application, and no token.
fn as_application(emulator: &Emulator, program: impl AsRef<OsStr>) -> Command {
    let mut command = emulator.command(program);
    command.env_remove("AUTOPILOT_TOKEN").env("AZURE_TENANT_ID", "a-tenant");
    command.env("AZURE_CLIENT_ID", "an-application").env("AZURE_CLIENT_SECRET", SECRET);
    command
}

/// Whether the last request came with a token that Entra had issued.
fn has_token_from_entra(emulator: &Emulator) -> bool {
    let requests = emulator.requests();
    assert!(requests.iter().any(|request| request.path == "/a-tenant/oauth2/v2.0/token"), "{requests:?}");
    requests.last().unwrap().token.as_ref().is_some_and(|token| token.starts_with("ey"))
}

const SETTINGS: &str = "https://graph.microsoft.com/beta/deviceManagement/windowsAutopilotSettings";

#[test]
fn an_application_gets_its_token_as_the_page_says() {
    let shell = blocks("sh").into_iter().find(|block| block.contains("login.microsoftonline.com")).unwrap();
    let program = blocks("python").into_iter().find(|program| program.contains("azure")).unwrap();
    let folder = folder("entra");
    fs::write(folder.join("main.py"), program).unwrap();
    let python = python::interpreter().display();
    let curl = format!("curl --silent -H \"Authorization: Bearer $AUTOPILOT_TOKEN\" {SETTINGS}");
    for (command, expected) in [
        (format!("{shell}{curl} | jq -r .syncStatus"), "completed\n"),
        (format!("{INSTALLED} REQUESTS_CA_BUNDLE=$SSL_CERT_FILE {python} -B main.py"), "ACCEPTED\n"),
    ] {
        let emulator = entra();
        let mut shell = as_application(&emulator, "sh");
        assert_eq!(compiler::run(shell.args(["-c", &command]).current_dir(&folder)), expected, "{command}");
        assert!(has_token_from_entra(&emulator), "{command}");
    }
}

#[test]
fn the_command_line_runs_as_it_stands() {
    let folder = folder("command-line");
    let program = folder.join("autopilot-sync");
    fs::write(&program, "#!/bin/sh\nexec python3 -B -m autopilot_sync \"$@\"\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let run = |command: &str| runs(&folder, &format!("export PATH=.:$PATH {INSTALLED}; {command}"));
    let commands = commands("autopilot-sync ");
    assert_eq!(commands, ["autopilot-sync --wait", "autopilot-sync --since 10m", "autopilot-sync status"]);
    for command in &commands[..2] {
        let waited = run(command);
        assert!(waited.starts_with("COMPLETED: the sync completed"), "{waited}");
    }
    let status = run(&commands[2]);
    assert!(status.starts_with("status:           completed\n"), "{status}");
}

#[test]
fn the_first_screen_has_the_two_commands() {
    let first_screen: Vec<String> = all()[0]
        .1
        .lines()
        .take(30)
        .map(|line| line.split(" # ").next().unwrap_or_default().trim().to_owned())
        .collect();
    for command in ["cargo run --example sync", "cargo test"] {
        assert!(first_screen.iter().any(|line| line == command), "{command}");
    }
    let example = compiler::example("sync");
    let said =
        compiler::run(Command::new(&example).env_remove("AUTOPILOT_TOKEN").env_remove("AZURE_CLIENT_ID"));
    assert!(said.contains("this uses the emulator") && said.contains("the sync has completed"), "{said}");
    let real = runs(Path::new("."), &format!("{} --no-wait", example.display()));
    assert!(real.contains("The service accepted") && !real.contains("emulator"), "{real}");
    let status = runs(Path::new("."), &format!("{} --status", example.display()));
    assert!(status.contains("completed"), "{status}");
}

#[test]
fn the_example_gets_its_token_by_azures_variables() {
    let emulator = entra();
    let said = compiler::run(as_application(&emulator, compiler::example("sync")).arg("--no-wait"));
    let from = "The token comes from the application an-application in tenant a-tenant, by its client secret";
    assert!(said.contains(from) && said.contains("The service accepted") && !said.contains(SECRET), "{said}");
    assert!(has_token_from_entra(&emulator));
}

#[test]
fn the_table_of_results_is_the_librarys() {
    let (_, page) = all().into_iter().find(|(name, _)| name == "docs/results.md").unwrap();
    let rows =
        page.lines().filter_map(|line| line.strip_prefix("| ")).filter(|row| row.contains("`AUTOPILOT_"));
    let rows: Vec<(i32, String, String)> = rows
        .map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            (
                cells[0].parse().unwrap(),
                cells[1].trim_matches('`').to_owned(),
                cells[2].trim_matches('`').to_owned(),
            )
        })
        .collect();
    let header =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("include/autopilot_sync.h")).unwrap();
    let constants = header.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "));
    let constants: Vec<(i32, &str)> =
        constants.filter_map(|(name, code)| Some((code.parse().ok()?, name))).take(rows.len()).collect();
    let documented: Vec<(i32, &str)> = rows.iter().map(|(code, name, _)| (*code, &**name)).collect();
    assert_eq!(documented, constants);
    for (code, _, rust) in rows {
        let answers =
            autopilot_sync::Answer::ALL.iter().map(|answer| (answer.code(), format!("Answer::{answer:?}")));
        let kinds = autopilot_sync::ErrorKind::ALL.iter().map(|kind| (kind.code(), format!("{kind:?}")));
        let known = answers.chain(kinds).find(|(known, _)| *known == code);
        assert_eq!(known.map(|(_, name)| name).unwrap_or_default(), rust, "{code}");
    }
}

/// The page has a row for each code that the library knows, and the library has a hint for each.
#[test]
fn the_table_of_entras_codes_is_the_librarys() {
    let (_, page) = all().into_iter().find(|(name, _)| name == "docs/tokens.md").unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| AADSTS")?.split_once(" | "));
    let documented: BTreeSet<u32> =
        rows.flat_map(|(codes, _)| codes.split(", AADSTS")).map(|code| code.parse().unwrap()).collect();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/credential/refusal.rs");
    let source = fs::read_to_string(source).unwrap();
    let (_, advice) = source.split_once("fn advice(").unwrap();
    let (advice, _) = advice.split_once("\n    }\n").unwrap();
    let known: BTreeSet<u32> = advice.split('"').filter_map(|text| text.parse().ok()).collect();
    assert_eq!(documented, known);
    let emulator = entra();
    let builder = Client::builder().ignore_environment().proxy(&emulator.proxy_url()).unwrap();
    let client = builder.ca_file(emulator.ca_file()).unwrap().build().unwrap();
    let credential = Credential::client_secret("a-tenant", "an-application", Secret::Text(SECRET)).unwrap();
    for code in documented {
        emulator.register(|registration| registration.token_error = Some(code));
        let error = client.sync(&credential).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error:#}");
        let said = error.to_string();
        assert!(said.contains(&format!("AADSTS{code}")) && said.contains("; hint: "), "{said}");
    }
}
