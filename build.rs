//! With the feature `capi`, makes the C header in OUT_DIR. `include/autopilot_sync.h` is its committed copy: a test
//! compares them, so nothing is written outside OUT_DIR.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "capi")]
    header::make();
}

#[cfg(feature = "capi")]
mod header {
    use std::env;
    use std::path::Path;

    /// In the order in which a reader wants them.
    const SOURCES: &[&str] = &[
        "result.rs",
        "sync.rs",
        "options.rs",
        "client.rs",
        "cancel.rs",
        "progress.rs",
        "settings.rs",
        "detail.rs",
        "version.rs",
    ];

    pub(super) fn make() {
        let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
        let root = Path::new(&root);
        let mut config =
            cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is valid");
        config.after_includes = Some(version_macros());
        let mut builder = cbindgen::Builder::new().with_config(config);
        println!("cargo::rerun-if-changed=cbindgen.toml");
        for source in SOURCES {
            let path = root.join("src/ffi").join(source);
            println!("cargo::rerun-if-changed={}", path.display());
            builder = builder.with_src(path);
        }
        let out = env::var("OUT_DIR").expect("cargo sets it");
        builder
            .generate()
            .expect("cbindgen reads src/ffi")
            .write_to_file(Path::new(&out).join("autopilot_sync.h"));
    }

    fn version_macros() -> String {
        let number = |part: &str| env::var(format!("CARGO_PKG_VERSION_{part}")).expect("cargo sets it");
        let (major, minor, patch) = (number("MAJOR"), number("MINOR"), number("PATCH"));
        format!(
            r#"
// The version of this header.
#define AUTOPILOT_VERSION_MAJOR {major}
#define AUTOPILOT_VERSION_MINOR {minor}
#define AUTOPILOT_VERSION_PATCH {patch}
#define AUTOPILOT_VERSION "{major}.{minor}.{patch}"

// Before every function: define it to give them attributes of your own.
#ifndef AUTOPILOT_API
#define AUTOPILOT_API
#endif"#
        )
    }
}
