//! The `dbmocker` program: everything is in the library.

fn main() -> std::process::ExitCode {
    dbmocker::cli::main()
}
