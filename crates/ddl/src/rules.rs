//! Decides what is done with a statement: a list of kinds that are run, a list of kinds that are skipped; everything
//! else is refused. For the reasons, see `docs/security.md`.

use dbmocker_core::Dialect;

use crate::statements::is_copy_from_stdin;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Run; a failure is an error.
    Run,
    /// Run; if that fails, it is skipped and counted.
    IfPossible,
    /// `CREATE EXTENSION`: the server's administrator may have to run it.
    Extension,
    /// MySQL: `CREATE DATABASE`, and `USE`.
    CreateDatabase,
    Use,
    /// Skipped and counted.
    Skip(StatementKind),
    /// Skipped without a note: every statement is run in a separate transaction.
    Ignore,
    Refuse,
}

/// The kinds of statements that are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StatementKind {
    Ownership,
    Rows,
    Client,
    Server,
    Failed,
}

impl StatementKind {
    pub fn describe(self) -> &'static str {
        match self {
            StatementKind::Ownership => "of ownership and grants",
            StatementKind::Rows => "that write or read rows",
            StatementKind::Client => "for the server's own client",
            StatementKind::Server => "about the server",
            StatementKind::Failed => "that failed without harm",
        }
    }
}

/// What is done with a statement of these words.
pub(crate) fn verdict(dialect: Dialect, words: &[String]) -> Verdict {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let Some(verdict) = common(dialect, &words) {
        return verdict;
    }
    match dialect {
        Dialect::Postgres => postgres(&words),
        Dialect::Mysql => mysql(&words),
        Dialect::Sqlite => sqlite(&words),
    }
}

/// A command line of the client program; `None` if it may not be skipped.
pub(crate) fn client_line(dialect: Dialect, line: &str) -> Option<StatementKind> {
    const HARMLESS: [&str; 14] = [
        "connect",
        "c",
        "restrict",
        "unrestrict",
        "set",
        "unset",
        "pset",
        "echo",
        "qecho",
        "encoding",
        "timing",
        "x",
        "q",
        "warn",
    ];
    const OF_SQLITE: [&str; 8] = ["mode", "headers", "header", "echo", "bail", "timer", "print", "quit"];
    let name = line.get(1..)?.split_whitespace().next().unwrap_or_default().trim_end_matches(';');
    let known = if dialect == Dialect::Sqlite { &OF_SQLITE[..] } else { &HARMLESS[..] };
    known.contains(&name).then_some(StatementKind::Client)
}

fn common(dialect: Dialect, words: &[&str]) -> Option<Verdict> {
    let has = |word: &str| words.contains(&word);
    Some(match *words {
        ["BEGIN" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE", ..] | ["START", "TRANSACTION", ..] => {
            Verdict::Ignore
        }
        ["END" | "ABORT"] | ["END", "TRANSACTION"] => Verdict::Ignore,
        ["GRANT" | "REVOKE" | "REASSIGN", ..] => Verdict::Skip(StatementKind::Ownership),
        // MySQL's `TABLE t INTO OUTFILE` and the like; also if the statement would only be skipped.
        _ if dialect == Dialect::Mysql && (has("OUTFILE") || has("DUMPFILE") || has("SONAME")) => Verdict::Refuse,
        ["INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "MERGE" | "TRUNCATE" | "WITH" | "VALUES", ..] => {
            Verdict::Skip(StatementKind::Rows)
        }
        ["ANALYZE" | "REINDEX" | "EXPLAIN" | "SHOW" | "LOCK" | "UNLOCK" | "CHECKPOINT" | "REFRESH" | "CLUSTER", ..] => {
            Verdict::Skip(StatementKind::Server)
        }
        ["VACUUM", ..] if !has("INTO") => Verdict::Skip(StatementKind::Server),
        _ => return None,
    })
}

/// The kind of object that a CREATE, ALTER or DROP is about: the first of its words that names one.
pub(crate) fn object<'a>(words: &[&'a str]) -> &'a str {
    const OBJECTS: [&str; 50] = [
        "TABLE",
        "VIEW",
        "INDEX",
        "SEQUENCE",
        "TYPE",
        "DOMAIN",
        "SCHEMA",
        "FUNCTION",
        "PROCEDURE",
        "ROUTINE",
        "AGGREGATE",
        "TRIGGER",
        "RULE",
        "EXTENSION",
        "COLLATION",
        "POLICY",
        "PUBLICATION",
        "SUBSCRIPTION",
        "LANGUAGE",
        "SERVER",
        "FOREIGN",
        "USER",
        "ROLE",
        "GROUP",
        "DATABASE",
        "TABLESPACE",
        "CAST",
        "OPERATOR",
        "CONVERSION",
        "ACCESS",
        "TEXT",
        "STATISTICS",
        "TRANSFORM",
        "EVENT",
        "DEFAULT",
        "SYSTEM",
        "LARGE",
        "OWNED",
        "INSTANCE",
        "LOGFILE",
        "RESOURCE",
        "SPATIAL_REFERENCE",
        "REFERENCE",
        "UNDO",
        "PACKAGE",
        "VIRTUAL",
        "CONSTRAINT",
        "PLUGIN",
        "COMPONENT",
        "LIBRARY",
    ];
    words.iter().skip(1).take(16).find(|w| OBJECTS.contains(*w)).copied().unwrap_or_default()
}

/// `ALTER ... OWNER TO name`; a column of that name may be renamed.
fn changes_owner(words: &[&str]) -> bool {
    matches!(*words, [.., before, "OWNER", "TO", _] if !matches!(before, "RENAME" | "COLUMN"))
}

fn postgres(words: &[&str]) -> Verdict {
    if words.contains(&"\\") {
        return Verdict::Refuse;
    }
    match *words {
        ["CREATE" | "ALTER" | "DROP", ..] => postgres_object(words),
        ["COMMENT", ..] | ["SECURITY", "LABEL", ..] => Verdict::IfPossible,
        ["SET", "ROLE", ..] | ["SET", "SESSION" | "LOCAL", "AUTHORIZATION" | "ROLE", ..] => {
            Verdict::Skip(StatementKind::Ownership)
        }
        ["RESET", "ROLE"] | ["RESET", "SESSION", ..] => Verdict::Skip(StatementKind::Ownership),
        ["SET" | "RESET", ..] => Verdict::IfPossible,
        ["DO", ..] => Verdict::Run,
        ["SELECT", "SET_CONFIG", "(", ..] | ["SELECT", "PG_CATALOG", ".", "SET_CONFIG", "(", ..] => Verdict::IfPossible,
        ["SELECT" | "TABLE" | "DISCARD" | "NOTIFY" | "LISTEN" | "UNLISTEN", ..] => Verdict::Skip(StatementKind::Rows),
        ["COPY", ..] if is_copy_from_stdin(&words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()) => {
            Verdict::Skip(StatementKind::Rows)
        }
        _ => Verdict::Refuse,
    }
}

fn postgres_object(words: &[&str]) -> Verdict {
    let create = words[0] == "CREATE";
    match object(words) {
        "SYSTEM" => Verdict::Refuse,
        "ROLE" | "USER" | "GROUP" | "DEFAULT" | "OWNED" => Verdict::Skip(StatementKind::Ownership),
        "DATABASE" | "TABLESPACE" | "SUBSCRIPTION" => Verdict::Skip(StatementKind::Server),
        _ if !create && changes_owner(words) => Verdict::Skip(StatementKind::Ownership),
        "LARGE" => Verdict::Skip(StatementKind::Rows),
        "EXTENSION" if create => Verdict::Extension,
        "EXTENSION" | "POLICY" | "PUBLICATION" | "LANGUAGE" | "SERVER" | "FOREIGN" | "CAST" | "OPERATOR"
        | "CONVERSION" | "ACCESS" | "TEXT" | "STATISTICS" | "TRANSFORM" | "EVENT" => Verdict::IfPossible,
        "" => Verdict::Refuse,
        _ => Verdict::Run,
    }
}

fn mysql(words: &[&str]) -> Verdict {
    match *words {
        ["CREATE" | "ALTER" | "DROP", ..] => mysql_object(words),
        ["RENAME", "TABLE" | "TABLES", ..] => Verdict::Run,
        ["USE", ..] => Verdict::Use,
        ["SET", "PASSWORD" | "ROLE", ..] | ["SET", "DEFAULT", "ROLE", ..] => Verdict::Skip(StatementKind::Ownership),
        ["SET", ..] if ["GLOBAL", "PERSIST", "PERSIST_ONLY"].iter().any(|w| words.contains(w)) => {
            Verdict::Skip(StatementKind::Server)
        }
        ["SET", ..] => Verdict::IfPossible,
        ["SELECT" | "TABLE" | "DO", ..] => Verdict::Skip(StatementKind::Rows),
        ["FLUSH" | "OPTIMIZE" | "CHECK" | "REPAIR" | "DESC" | "DESCRIBE" | "RESET" | "CHANGE", ..] => {
            Verdict::Skip(StatementKind::Server)
        }
        _ => Verdict::Refuse,
    }
}

fn mysql_object(words: &[&str]) -> Verdict {
    match object(words) {
        "DATABASE" | "SCHEMA" if words[0] == "CREATE" => Verdict::CreateDatabase,
        "DATABASE" | "SCHEMA" if words[0] == "ALTER" => Verdict::IfPossible,
        "USER" | "ROLE" => Verdict::Skip(StatementKind::Ownership),
        // An event would run unattended.
        "DATABASE" | "SCHEMA" | "EVENT" | "SERVER" | "TABLESPACE" | "LOGFILE" | "RESOURCE" | "UNDO" | "REFERENCE" => {
            Verdict::Skip(StatementKind::Server)
        }
        "TABLE" | "VIEW" | "INDEX" | "SEQUENCE" | "TRIGGER" | "PROCEDURE" | "FUNCTION" | "PACKAGE" => Verdict::Run,
        _ => Verdict::Refuse,
    }
}

fn sqlite(words: &[&str]) -> Verdict {
    const PRAGMAS: [&str; 9] = [
        "ENCODING",
        "PAGE_SIZE",
        "AUTO_VACUUM",
        "USER_VERSION",
        "APPLICATION_ID",
        "LEGACY_ALTER_TABLE",
        "RECURSIVE_TRIGGERS",
        "FOREIGN_KEYS",
        "DEFER_FOREIGN_KEYS",
    ];
    match *words {
        ["CREATE", ..] => match object(words) {
            // `.schema` also prints SQLite's internal tables.
            "TABLE" if name(words).starts_with("SQLITE_") => Verdict::Skip(StatementKind::Server),
            "TABLE" | "VIEW" | "INDEX" | "TRIGGER" | "VIRTUAL" => Verdict::Run,
            _ => Verdict::Refuse,
        },
        ["ALTER", "TABLE", ..] | ["DROP", "TABLE" | "VIEW" | "INDEX" | "TRIGGER", ..] => Verdict::Run,
        ["PRAGMA", pragma, ..] if PRAGMAS.contains(&pragma) => Verdict::IfPossible,
        ["PRAGMA", ..] => Verdict::Skip(StatementKind::Server),
        ["SELECT", ..] => Verdict::Skip(StatementKind::Rows),
        _ => Verdict::Refuse,
    }
}

/// The name of a table that is created, in capitals and without its quotes.
fn name(words: &[&str]) -> String {
    let rest = words.iter().skip_while(|w| **w != "TABLE").skip(1);
    let mut rest = rest.skip_while(|w| matches!(**w, "IF" | "NOT" | "EXISTS"));
    rest.next().map(|w| w.trim_matches(['"', '`', '[', ']']).to_uppercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statements::{Item, split};

    fn of(dialect: Dialect, sql: &str) -> Verdict {
        match split(dialect, sql).remove(0) {
            Item::Statement(s) => verdict(dialect, &s.words),
            Item::Client { text, .. } => client_line(dialect, &text).map_or(Verdict::Refuse, Verdict::Skip),
        }
    }

    #[test]
    fn what_could_reach_beyond_the_server_is_refused() {
        for sql in [
            "COPY t FROM PROGRAM 'id'",
            "COPY t (a) TO PROGRAM 'id'",
            "COPY t FROM '/etc/passwd'",
            "COPY (SELECT 1) TO '/tmp/x'",
            "ALTER SYSTEM SET archive_command = 'id'",
            "LOAD 'x.so'",
            "IMPORT FOREIGN SCHEMA x FROM SERVER y INTO z",
            "\\! id",
            "\\copy t from x",
            "\\i other.sql",
            "CREATE TABLE t (a int) \\! id",
            "CALL p()",
            "EXECUTE x",
        ] {
            assert_eq!(of(Dialect::Postgres, sql), Verdict::Refuse, "{sql}");
        }
        for sql in [
            "LOAD DATA INFILE '/etc/passwd' INTO TABLE t",
            "SELECT 1 INTO OUTFILE '/tmp/x'",
            "INSERT INTO t SELECT 1 INTO DUMPFILE 'x'",
            "INSTALL PLUGIN x SONAME 'y'",
            "CREATE FUNCTION f RETURNS STRING SONAME 'x.so'",
            "ALTER INSTANCE RELOAD KEYRING",
            "SHUTDOWN",
            "PREPARE s FROM @x",
        ] {
            assert_eq!(of(Dialect::Mysql, sql), Verdict::Refuse, "{sql}");
        }
        for sql in ["ATTACH 'x.db' AS y", "VACUUM INTO 'x.db'", ".shell id", ".read x.sql", ".load x", "DETACH y"] {
            assert_eq!(of(Dialect::Sqlite, sql), Verdict::Refuse, "{sql}");
        }
    }

    #[test]
    fn what_dumps_hold_is_run_or_passed_over() {
        use StatementKind::{Client, Ownership, Rows, Server};
        for (sql, verdict) in [
            ("ALTER TABLE public.t OWNER TO app", Verdict::Skip(Ownership)),
            ("ALTER DEFAULT PRIVILEGES FOR ROLE x GRANT ALL ON TABLES TO y", Verdict::Skip(Ownership)),
            ("ALTER TABLE t RENAME COLUMN owner TO boss", Verdict::Run),
            ("GRANT ALL ON t TO app", Verdict::Skip(Ownership)),
            ("CREATE ROLE app", Verdict::Skip(Ownership)),
            ("\\connect shop", Verdict::Skip(Client)),
            ("\\restrict abc", Verdict::Skip(Client)),
            ("SELECT pg_catalog.set_config('search_path', '', false)", Verdict::IfPossible),
            ("SELECT pg_catalog.setval('s', 1)", Verdict::Skip(Rows)),
            ("COPY t (a, b) FROM stdin", Verdict::Skip(Rows)),
            ("CREATE DATABASE x", Verdict::Skip(Server)),
            ("CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public", Verdict::Extension),
            ("CREATE UNLOGGED TABLE t (owner int, \"to\" int)", Verdict::Run),
            ("CREATE CONSTRAINT TRIGGER t AFTER INSERT ON t EXECUTE FUNCTION f()", Verdict::Run),
            ("CREATE UNIQUE INDEX i ON t (role)", Verdict::Run),
            ("DO $$ BEGIN NULL; END $$", Verdict::Run),
            ("COMMENT ON EXTENSION x IS 'y'", Verdict::IfPossible),
            ("BEGIN", Verdict::Ignore),
            ("END", Verdict::Ignore),
        ] {
            assert_eq!(of(Dialect::Postgres, sql), verdict, "{sql}");
        }
        for (sql, verdict) in [
            ("/*!40101 SET @saved_cs_client = @@character_set_client */", Verdict::IfPossible),
            ("SET GLOBAL x = 1", Verdict::Skip(Server)),
            (
                "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop` /*!40100 DEFAULT CHARACTER SET utf8mb4 */",
                Verdict::CreateDatabase,
            ),
            ("USE `shop`", Verdict::Use),
            ("LOCK TABLES t WRITE", Verdict::Skip(Server)),
            ("CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW v AS SELECT 1", Verdict::Run),
            ("CREATE FULLTEXT INDEX i ON t (a)", Verdict::Run),
        ] {
            assert_eq!(of(Dialect::Mysql, sql), verdict, "{sql}");
        }
        for (sql, verdict) in [
            ("CREATE TABLE sqlite_sequence(name,seq)", Verdict::Skip(Server)),
            ("CREATE VIRTUAL TABLE f USING fts5(a)", Verdict::Run),
            ("INSERT INTO t VALUES (1)", Verdict::Skip(Rows)),
            ("PRAGMA writable_schema = on", Verdict::Skip(Server)),
        ] {
            assert_eq!(of(Dialect::Sqlite, sql), verdict, "{sql}");
        }
    }
}
