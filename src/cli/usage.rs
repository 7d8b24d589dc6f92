//! The parser of the command line: the derived one, with additions to all commands: a short help, examples, an
//! environment variable for every flag, and the folder's config file.

use std::path::Path;

use clap::builder::{ArgPredicate, FalseyValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};

use super::args::Cli;
use super::file;
use crate::error::{Exit, Failure, OrExit};

/// Used where `--config` names no file.
const CONFIG: &str = "dbmocker.yaml";

/// The flags that `-h` shows; `--help` shows all.
const COMMON: [&str; 29] = [
    "append",
    "at-least",
    "config",
    "ddl",
    "dialect",
    "dry-run",
    "driver",
    "exclude-tables",
    "format",
    "from",
    "html",
    "join",
    "json",
    "limit",
    "manifest",
    "out",
    "output",
    "overwrite",
    "plan",
    "profile",
    "report",
    "resume",
    "rows",
    "save",
    "seed",
    "summary",
    "tables",
    "truncate",
    "url",
];

/// Flags whose environment variable is handled elsewhere: the password's, the one that --driver overrides, and the one
/// that two flags share.
const OWN_VARIABLES: [&str; 4] = ["url", "password", "journal", "no-journal"];

/// Three examples for each command.
const EXAMPLES: &[(&str, [&str; 3])] = &[
    (
        "analyze",
        [
            "--url postgres://me@localhost/shop",
            "--url sqlite://shop.db --json",
            "--ddl schema.sql --output schema.yaml",
        ],
    ),
    (
        "plan",
        [
            "--url postgres://me@localhost/shop --rows 100k",
            "--url mysql://me@localhost/shop --config dbmocker.yaml --summary",
            "--ddl migrations --dialect postgresql --save plan.json",
        ],
    ),
    (
        "preview",
        [
            "--url sqlite://shop.db --tables users,orders",
            "--ddl schema.sql --limit 20 --json",
            "--plan plan.json --tables orders",
        ],
    ),
    (
        "export",
        [
            "--url postgres://me@localhost/shop --out files --format parquet",
            "--ddl schema.sql --rows 1M --out files",
            "--url sqlite://shop.db --tables users --out -",
        ],
    ),
    ("manifest", ["--join part1 part2", "--join parts/1 parts/2 --out parts", "--join part1 part2 --overwrite"]),
    (
        "load",
        [
            "--url postgres://me@localhost/shop --rows 100k",
            "--url sqlite://shop.db --tables 'orders,order_*' --truncate",
            "--url mysql://me@localhost/shop --from files --report report.json",
        ],
    ),
    (
        "restore",
        [
            "--url postgres://me@localhost/shop",
            "--url sqlite://shop.db --wait 60",
            "--url mysql://me@localhost/shop --trust-ledger",
        ],
    ),
    (
        "undo",
        [
            "--url postgres://me@localhost/shop --dry-run",
            "--url sqlite://shop.db --manifest manifest.json",
            "--url postgres://me@localhost/shop --changed keep",
        ],
    ),
    (
        "runs",
        ["--url postgres://me@localhost/shop", "--url sqlite://shop.db --json", "--driver sqlite --database shop.db"],
    ),
    (
        "learn",
        [
            "--url postgres://me@localhost/shop --out shop.profile.yaml",
            "--url mysql://me@localhost/shop --out shop.json --mask all",
            "--url sqlite://shop.db --scan --dry-run",
        ],
    ),
    (
        "compare",
        [
            "--url postgres://me@localhost/copy --profile shop.profile.yaml",
            "--url postgres://me@localhost/copy --with postgres://me@localhost/shop",
            "--url postgres://me@localhost/copy --profile shop.profile.yaml --json",
        ],
    ),
    (
        "verify",
        [
            "--url postgres://me@localhost/shop",
            "--url sqlite://shop.db --rows manifest.json",
            "--url mysql://me@localhost/shop --tables orders --json",
        ],
    ),
    (
        "high-performance",
        [
            "--driver sqlite --database shop.db --rows 10000",
            "--driver postgresql --database shop --username me --rows 1M --truncate",
            "--driver mysql --database shop --username me --smart-duplicates products.rating --dry-run",
        ],
    ),
    (
        "generate",
        [
            "--url postgres://me@localhost/shop --config dbmocker.yaml",
            "--url sqlite://shop.db --use-existing-tables users --rows 5000",
            "--url mysql://me@localhost/shop --dry-run",
        ],
    ),
    (
        "init-config",
        [
            "--url postgres://me@localhost/shop --output dbmocker.yaml",
            "--ddl schema.sql --output dbmocker.yaml",
            "--url sqlite://shop.db --tables 'order*'",
        ],
    ),
    ("completions", ["bash", "zsh", "fish"]),
];

/// The parser.
pub fn command() -> Command {
    Cli::command().mut_subcommands(shared)
}

/// The arguments of this process.
///
/// # Errors
/// clap's, help and version among them.
pub fn parse() -> Result<(Cli, Option<String>), clap::Error> {
    let matches = command().try_get_matches()?;
    let note = note_of_config(&matches);
    Ok((Cli::from_arg_matches(&matches)?, note))
}

/// The note about a config file that was found in the folder, not named by a flag.
fn note_of_config(matches: &ArgMatches) -> Option<String> {
    let (_, of_command) = matches.subcommand()?;
    let found = of_command.try_contains_id("config").ok()?;
    let by_itself = found && of_command.value_source("config") == Some(ValueSource::DefaultValue);
    by_itself.then(|| {
        format!("rules are read from `{CONFIG}` in this folder; --config names another file, --config none no file")
    })
}

/// Checks a config file that was found in the folder, not named by a flag: it may set rules for rows, but must not
/// empty tables, set up sessions, read variables, or read files outside its folder.
///
/// # Errors
/// The file does one of these; `fills`: the command writes rows.
pub fn check_found(fills: bool) -> Result<(), Failure> {
    let found = file::read_found(Path::new(CONFIG)).or_exit(Exit::Usage)?;
    if fills && found.generation.truncate_existing == Some(true) {
        let text = format!(
            "`{CONFIG}` in this folder says truncate_existing, and no flag names it; give --config {CONFIG}, or --config none"
        );
        return Err(Failure::usage(text));
    }
    Ok(())
}

fn shared(command: Command) -> Command {
    let ids: Vec<String> = command.get_arguments().map(|a| a.get_id().to_string()).collect();
    let examples = examples(command.get_name());
    let command = match command.get_name() {
        // The name of this flag in earlier versions.
        "preview" => command.mut_arg("tables", |arg| arg.alias("table")),
        _ => command,
    };
    command
        .mut_args(|arg| shared_by_flags(arg, &ids))
        .after_help("--help shows every flag, and examples.")
        .after_long_help(examples)
}

fn shared_by_flags(arg: Arg, ids: &[String]) -> Arg {
    let Some(long) = arg.get_long().map(str::to_owned) else { return arg };
    let arg = if COMMON.contains(&long.as_str()) { arg } else { arg.hide_short_help(true) };
    let arg = if long == "config" && Path::new(CONFIG).is_file() { with_default(arg, ids) } else { arg };
    if OWN_VARIABLES.contains(&long.as_str()) {
        return arg;
    }
    // clap requires names with the lifetime 'static.
    let variable: &'static str =
        Box::leak(format!("DBMOCKER_{}", long.replace('-', "_").to_uppercase()).into_boxed_str());
    let arg = arg.env(variable).hide_env(true);
    match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(FalseyValueParser::new()),
        _ => arg,
    }
}

/// Sets the folder's config file as the default of --config, unless a flag already determines the rows.
fn with_default(arg: Arg, ids: &[String]) -> Arg {
    let decided = ["from", "plan"].into_iter().filter(|id| ids.iter().any(|known| known == id));
    arg.default_value_ifs(decided.map(|id| (id, ArgPredicate::IsPresent, None::<&'static str>)))
        .default_value(CONFIG)
        .hide_default_value(true)
}

fn examples(command: &str) -> String {
    const VARIABLES: &str = "Every flag but --quiet and --verbose can be given by a variable of the environment: --memory-limit is DBMOCKER_MEMORY_LIMIT.";
    let Some((_, lines)) = EXAMPLES.iter().find(|(name, _)| *name == command) else { return VARIABLES.into() };
    let lines: String = lines.iter().map(|line| format!("  dbmocker {command} {line}\n")).collect();
    format!("Examples:\n{lines}\n{VARIABLES}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_understood() {
        command().debug_assert();
        for (name, lines) in EXAMPLES {
            for line in lines {
                let words = line.split_whitespace().map(|w| w.trim_matches('\''));
                let parsed = command().try_get_matches_from(["dbmocker", name].into_iter().chain(words));
                assert!(parsed.is_ok(), "{name} {line}: {}", parsed.unwrap_err());
            }
        }
    }

    #[test]
    fn every_flag_has_a_variable() {
        for sub in command().get_subcommands() {
            for arg in sub.get_arguments().filter(|a| a.get_long().is_some_and(|l| l != "help")) {
                let long = arg.get_long().unwrap_or_default();
                let named = arg.get_env().map(|e| e.to_string_lossy().into_owned());
                let expected = format!("DBMOCKER_{}", long.replace('-', "_").to_uppercase());
                assert!(OWN_VARIABLES.contains(&long) || named == Some(expected), "{} --{long}", sub.get_name());
            }
        }
    }
}
