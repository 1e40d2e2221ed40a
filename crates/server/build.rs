//! Embeds the pages that the server serves: the frames' scripts and the web client when they have been
//! built, and the playground.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const FRAMES: &str = "../../packages/frames/dist";
const CLIENT: &str = "../../packages/client/dist";
const PLAYGROUND: &str = "../../playground";

/// Files that browsers load; others, and tests, stay out of the binary.
const ENDINGS: [&str; 13] = [
    "css",
    "html",
    "ico",
    "jpg",
    "js",
    "json",
    "mjs",
    "png",
    "svg",
    "txt",
    "wasm",
    "webmanifest",
    "woff2",
];

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    // An empty script, or an empty table, stands for what has not been built.
    for script in ["auth.js", "export.js", "import.js"] {
        let built = read(&Path::new(FRAMES).join(script))?;
        fs::write(out.join(script), built.unwrap_or_default())?;
    }
    let mut tables = String::new();
    for (name, folder) in [("CLIENT", CLIENT), ("PLAYGROUND", PLAYGROUND)] {
        let mut files = Vec::new();
        collect(Path::new(folder), "", &mut files)?;
        files.sort();
        table(&mut tables, name, &files).map_err(io::Error::other)?;
    }
    fs::write(out.join("playground.rs"), tables)?;
    for path in [FRAMES, CLIENT, PLAYGROUND] {
        println!("cargo::rerun-if-changed={}", watched(Path::new(path)).display());
    }
    Ok(())
}

fn read(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The files below a folder, each with its path from there.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.starts_with('.') || name == "node_modules" || name.contains(".test.") {
            continue;
        }
        let served = format!("{prefix}{name}");
        let ending = path.extension().and_then(|ending| ending.to_str());
        if path.is_dir() {
            collect(&path, &format!("{served}/"), files)?;
        } else if ending.is_some_and(|ending| ENDINGS.contains(&ending)) {
            files.push((served, fs::canonicalize(&path)?));
        }
    }
    Ok(())
}

fn table(code: &mut String, name: &str, files: &[(String, PathBuf)]) -> std::fmt::Result {
    writeln!(code, "static {name}: &[(&str, &[u8])] = &[")?;
    for (served, path) in files {
        let path = path.to_string_lossy();
        writeln!(code, "    ({served:?}, include_bytes!({path:?})),")?;
    }
    writeln!(code, "];")
}

/// What is watched for a path: itself, or the folder in which it will appear. Cargo takes a missing file as
/// one that always changes.
fn watched(path: &Path) -> &Path {
    path.ancestors().find(|path| path.exists()).unwrap_or(path)
}
