//! Sets DBMOCKER_VERSION: the version, and in optimised builds from a checkout the commit and its date. Other builds would
//! be made anew with every commit.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DBMOCKER_COMMIT");
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let release = std::env::var("PROFILE").is_ok_and(|p| p == "release");
    let commit =
        std::env::var("DBMOCKER_COMMIT").ok().filter(|c| !c.is_empty()).or_else(|| release.then(commit).flatten());
    match commit {
        Some(commit) => println!("cargo::rustc-env=DBMOCKER_VERSION={version} ({commit})"),
        None => println!("cargo::rustc-env=DBMOCKER_VERSION={version}"),
    }
}

/// `9f39ccb 2026-11-29`; `None` without git.
fn commit() -> Option<String> {
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=.git/logs/HEAD");
    let output = Command::new("git").args(["log", "-1", "--format=%h %cs"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|t| output.status.success() && !t.is_empty())
}
