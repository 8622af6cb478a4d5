//! The program `autopilot-emulator`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks to its user")]

mod signals;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus};

use autopilot_emulator::Emulator;
use autopilot_emulator::cli::{Cli, Command};
use clap::Parser;
use signals::Signals;

/// The exit code of a shell for a command that cannot be run.
const CANNOT_RUN: u8 = 127;

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run { options, command } => options.start().and_then(|emulator| run(&emulator, &command)),
        Command::Serve { options, write_env } => {
            options.start().and_then(|emulator| serve(&emulator, write_env))
        }
    };
    result.unwrap_or_else(|message| {
        eprintln!("autopilot-emulator: {message}");
        ExitCode::from(2)
    })
}

fn run(emulator: &Emulator, command: &[OsString]) -> Result<ExitCode, String> {
    let [program, arguments @ ..] = command else {
        return Err("no command".to_owned());
    };
    let mut command = emulator.command(program);
    command.args(arguments);
    if let Some(url) = emulator.control_url() {
        command.env("AUTOPILOT_EMULATOR", url);
    }
    let status = runtime()?.block_on(async {
        let mut signals = Signals::catch().map_err(|error| error.to_string())?;
        let child = tokio::process::Command::from(command).kill_on_drop(true).spawn();
        let mut child = child.map_err(|error| format!("{}: {error}", program.to_string_lossy()))?;
        // Ctrl-C reaches the command too, which decides what to do about it. SIGTERM ends both.
        tokio::select! {
            status = child.wait() => status.map(Some).map_err(|error| error.to_string()),
            () = signals.terminated() => child.kill().await.map(|()| None).map_err(|error| error.to_string()),
        }
    });
    match status {
        Ok(status) => Ok(exit_code(status)),
        Err(message) => {
            eprintln!("autopilot-emulator: {message}");
            Ok(ExitCode::from(CANNOT_RUN))
        }
    }
}

fn serve(emulator: &Emulator, write_env: Option<PathBuf>) -> Result<ExitCode, String> {
    runtime()?.block_on(async {
        let mut signals = Signals::catch().map_err(|error| error.to_string())?;
        let lines = variables(emulator);
        print!("{lines}");
        if let Some(file) = &write_env {
            write_whole(file, &lines).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        signals.any().await;
        Ok::<_, String>(())
    })?;
    if let Some(file) = write_env {
        // It may be gone already.
        let _ = std::fs::remove_file(file);
    }
    Ok(ExitCode::SUCCESS)
}

/// The variables as lines for a shell, and the other addresses as comments.
fn variables(emulator: &Emulator) -> String {
    let misleading = emulator.misleading().map(|name| format!("unset {name}\n"));
    let leading = emulator.env().into_iter().map(|(name, value)| format!("export {name}='{value}'\n"));
    let mut lines: String = misleading.chain(leading).collect();
    if let Some(url) = emulator.control_url() {
        lines.push_str(&format!("export AUTOPILOT_EMULATOR='{url}'\n"));
    }
    lines.push_str(&format!("# also: {} {}\n", emulator.tls_proxy_url(), emulator.socks_url()));
    lines.push_str(&format!("# without a proxy: {}\n", emulator.direct_url()));
    lines.push_str(&format!("# managed identities: {}\n", emulator.identity_url()));
    lines
}

/// Writes a file so that a reader never sees a part of it.
fn write_whole(file: &Path, text: &str) -> io::Result<()> {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    std::fs::write(&part, text)?;
    std::fs::rename(part, file)
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())
}

/// The exit code for a command's status. `None`: SIGTERM ended this program and the command.
fn exit_code(status: Option<ExitStatus>) -> ExitCode {
    const SIGTERM: i32 = 15;
    let Some(status) = status else {
        return ExitCode::from(128 + SIGTERM as u8);
    };
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal = None::<i32>;
    let code = status.code().unwrap_or_else(|| 128 + signal.unwrap_or_default());
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
