//! The `dbmocker` program: everything is in the library.

#[global_allocator]
static MEMORY: dbmocker::exhausted::Memory = dbmocker::exhausted::Memory;

fn main() -> std::process::ExitCode {
    dbmocker::cli::main()
}
