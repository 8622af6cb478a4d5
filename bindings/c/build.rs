//! How the shared library is linked. The one place that sets its SONAME, but for cargo-c, which sets its own.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is_elf = std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "unix")
        && std::env::var("CARGO_CFG_TARGET_VENDOR").is_ok_and(|vendor| vendor != "apple");
    if is_elf {
        // The number is the ABI's: it changes when a program must be built anew.
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libautopilot_sync.so.0");
        // A connection may be in the making on a thread of ours when a host calls dlclose().
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
