//! Embeds the auth frame's script when it has been built.

use std::path::Path;
use std::{env, fs, io};

const PACKAGE: &str = "../../packages/auth-frame";
const SCRIPT: &str = "../../packages/auth-frame/dist/auth-frame.js";

fn main() -> io::Result<()> {
    // An empty script stands for none. Cargo takes a missing file as one that always changes; so while
    // there is none the directory is watched in which it will appear.
    let (script, watched) = match fs::read(SCRIPT) {
        Ok(script) => (script, SCRIPT),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (Vec::new(), PACKAGE),
        Err(error) => return Err(error),
    };
    let directory = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&directory).join("auth-frame.js"), script)?;
    println!("cargo::rerun-if-changed={watched}");
    Ok(())
}
