//! The `dbmocker` program: everything is in the library.

#[global_allocator]
static MEMORY: dbmocker::out_of_memory::Memory = dbmocker::out_of_memory::Memory;

fn main() -> std::process::ExitCode {
    dbmocker::cli::main()
}
