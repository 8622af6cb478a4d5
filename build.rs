//! With the feature `capi`, makes the C header in OUT_DIR. `include/autopilot_sync.h` is its committed copy: a test
//! compares them, so nothing is written outside OUT_DIR.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "capi")]
    header::make();
}

#[cfg(feature = "capi")]
mod header {
    use std::path::Path;
    use std::{env, fs};

    /// The functions of the header have the order of these files. The last three hold enums that C shares with Rust.
    const SOURCES: &[&str] = &[
        "ffi/result.rs",
        "ffi/sync.rs",
        "ffi/options.rs",
        "ffi/credential.rs",
        "ffi/client.rs",
        "ffi/describe.rs",
        "ffi/cancel.rs",
        "ffi/progress.rs",
        "ffi/wait.rs",
        "ffi/fleet.rs",
        "ffi/settings.rs",
        "ffi/detail.rs",
        "ffi/name.rs",
        "ffi/version.rs",
        "ffi/goal.rs",
        "ffi/event.rs",
        "wait/phase.rs",
        "outcome/trigger.rs",
        "config/cloud.rs",
    ];

    pub(super) fn make() {
        let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
        let root = Path::new(&root);
        println!("cargo::rerun-if-changed=cbindgen.toml");
        let mut config =
            cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is valid");
        config.after_includes = Some(format!("{}{PREAMBLE}", version_macros()));
        config.trailer = Some(POSTAMBLE.to_owned());
        let mut builder = cbindgen::Builder::new().with_config(config);
        for source in SOURCES {
            let path = root.join("src").join(source);
            println!("cargo::rerun-if-changed={}", path.display());
            builder = builder.with_src(path);
        }
        let mut header = Vec::new();
        builder.generate().expect("cbindgen reads the sources").write(&mut header);
        let header = String::from_utf8(header).expect("the sources are UTF-8");
        let out = env::var("OUT_DIR").expect("cargo sets it");
        fs::write(Path::new(&out).join("autopilot_sync.h"), plain_enums(&without_examples(&header)))
            .expect("OUT_DIR is writable");
    }

    fn version_macros() -> String {
        let number = |part: &str| env::var(format!("CARGO_PKG_VERSION_{part}")).expect("cargo sets it");
        let (major, minor, patch) = (number("MAJOR"), number("MINOR"), number("PATCH"));
        format!(
            r#"
// The version of this header. autopilot_version() returns the version of the library.
#define AUTOPILOT_VERSION_MAJOR {major}
#define AUTOPILOT_VERSION_MINOR {minor}
#define AUTOPILOT_VERSION_PATCH {patch}
#define AUTOPILOT_VERSION "{major}.{minor}.{patch}"
"#
        )
    }

    const PREAMBLE: &str = r#"
// Whether this header is of the given version or a later one, for #if.
#define AUTOPILOT_VERSION_AT_LEAST(major, minor, patch)                                                 \
    (AUTOPILOT_VERSION_MAJOR * 1000000 + AUTOPILOT_VERSION_MINOR * 1000 + AUTOPILOT_VERSION_PATCH >=    \
     (major) * 1000000 + (minor) * 1000 + (patch))

// Stands before every function. Define it before you include this header to give the functions attributes.
#ifndef AUTOPILOT_API
#define AUTOPILOT_API
#endif

// An enum with the type int32_t, in C and C++ and in each of their standards. So later versions can add values.
#if defined(__cplusplus)
#define AUTOPILOT_ENUM(name) enum name : int32_t
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L
#define AUTOPILOT_ENUM(name) enum name : int32_t; typedef enum name name; enum name : int32_t
#else
#define AUTOPILOT_ENUM(name) typedef int32_t name; enum name
#endif

#ifdef __cplusplus
extern "C" {
#endif"#;

    const POSTAMBLE: &str = r#"
#ifdef __cplusplus
}
#endif

#undef AUTOPILOT_ENUM

#endif // AUTOPILOT_SYNC_H"#;

    /// The examples in the comments of shared enums are Rust.
    fn without_examples(header: &str) -> String {
        let mut parts = header.split("//\n// ```");
        let mut plain = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (_example, after) = part.split_once("\n// ```\n").expect("an example ends");
            plain.push_str(after);
        }
        plain
    }

    /// cbindgen gives each enum its type by conditions around its head and after its end: a macro says it once.
    fn plain_enums(header: &str) -> String {
        const HEAD: &str =
            "\n#if __STDC_VERSION__ >= 202311L\n  : int32_t\n#endif // __STDC_VERSION__ >= 202311L\n {\n";
        let mut plain = String::new();
        let mut rest = header;
        while let Some((before, after)) = rest.split_once(HEAD) {
            let (before, name) = before.rsplit_once("enum ").expect("a head has its enum");
            let (body, after) = after.split_once("};\n").expect("an enum ends");
            let (_, after) =
                after.split_once("#endif // __STDC_VERSION__ >= 202311L\n").expect("it has its typedef");
            plain.push_str(&format!("{before}AUTOPILOT_ENUM({name}) {{\n{body}}};\n"));
            rest = after;
        }
        plain + rest
    }
}
