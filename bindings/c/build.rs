//! How the shared library is linked, and what Windows tells of it.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if target("FAMILY") == "unix" && target("VENDOR") != "apple" {
        let name = format!("libautopilot_sync.so.{}", abi());
        #[cfg(unix)]
        name_in_target_folder(&name);
        link(format!("-Wl,-soname,{name}"));
        // A connection may be in the making on a thread of ours when a host calls dlclose().
        link("-Wl,-z,nodelete".to_owned());
    }
    if target("OS") == "windows" && target("ENV") == "gnu" {
        link(version_resource(&target("ARCH")));
        // No time of the build in it: the same sources give the same file.
        link("-Wl,--no-insert-timestamp".to_owned());
    }
}

fn link(argument: String) {
    println!("cargo::rustc-cdylib-link-arg={argument}");
}

/// Programs that are linked with the library in the target folder look for this name. The library itself comes later.
#[cfg(unix)]
fn name_in_target_folder(name: &str) {
    let out = env::var("OUT_DIR").expect("cargo sets it"); // FOLDER/build/PACKAGE/out
    let link = Path::new(&out).ancestors().nth(3).expect("it is below the target folder").join(name);
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink("libautopilot_sync.so", link).expect("the target folder is writable");
}

/// A part of the version in Cargo.toml.
fn version(part: &str) -> String {
    env::var(format!("CARGO_PKG_VERSION_{part}")).expect("cargo sets it")
}

/// The part of the version that says whether a program must be built anew: SemVer's.
fn abi() -> String {
    match version("MAJOR").as_str() {
        "0" => format!("0.{}", version("MINOR")),
        major => major.to_owned(),
    }
}

/// An object file with what the Explorer shows under Properties, Details. Made by MinGW's resource compiler.
fn version_resource(arch: &str) -> String {
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let (script, object) = (Path::new(&out).join("version.rc"), Path::new(&out).join("version.o"));
    fs::write(&script, version_script()).expect("OUT_DIR is writable");
    let cross = format!("{arch}-w64-mingw32-windres");
    let made = [&*cross, "windres"].iter().find_map(|windres| {
        Command::new(windres).args(["-O", "coff", "-i"]).arg(&script).arg("-o").arg(&object).status().ok()
    });
    let made = made.unwrap_or_else(|| panic!("{cross} is missing: it comes with MinGW's compiler"));
    assert!(made.success(), "{cross}: {made}");
    object.into_os_string().into_string().expect("cargo's paths are UTF-8")
}

fn version_script() -> String {
    let (major, minor, patch) = (version("MAJOR"), version("MINOR"), version("PATCH"));
    format!(
        r#"
1 VERSIONINFO
FILEVERSION {major},{minor},{patch},0
PRODUCTVERSION {major},{minor},{patch},0
FILEOS 0x40004 // Windows NT
FILETYPE 2     // a DLL
BEGIN
    BLOCK "StringFileInfo"
    BEGIN
        BLOCK "040904b0" // US English, Unicode
        BEGIN
            VALUE "CompanyName", "The autopilot-sync authors"
            VALUE "FileDescription", "Trigger Microsoft Intune's Windows Autopilot sync"
            VALUE "FileVersion", "{major}.{minor}.{patch}"
            VALUE "InternalName", "autopilot_sync"
            VALUE "LegalCopyright", "MIT or Apache-2.0"
            VALUE "OriginalFilename", "autopilot_sync.dll"
            VALUE "ProductName", "autopilot-sync"
            VALUE "ProductVersion", "{major}.{minor}.{patch}"
        END
    END
    BLOCK "VarFileInfo"
    BEGIN
        VALUE "Translation", 0x409, 1200
    END
END
"#
    )
}
