//! Has the linker put next to each other the functions that are called on the way to a first answer.
//!
//! They are a tenth of the code, and where the compiler leaves them they are strewn over all of it: the kernel maps a
//! page together with the fifteen around it, and so two thirds of the binary become resident. `layout.ld` names them; it is
//! written by `cargo xtask layout`, and a name in it that does not exist (any more) changes nothing.
use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=layout.ld");
    if knows_layouts() {
        let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo:rustc-link-arg-bins=-Wl,-T,{folder}/layout.ld");
    }
}

/// Whether this is a release build, linked by the linker that comes with Rust or the one of binutils: nothing that
/// somebody has chosen, such as `mold`, which knows no scripts.
fn knows_layouts() -> bool {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    is("TARGET", "x86_64-unknown-linux-gnu")
        && is("PROFILE", "release")
        && env::var_os("RUSTC_LINKER").is_none()
        && !flags.contains("link")
}
