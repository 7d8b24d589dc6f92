//! Parses the text of CREATE statements for what pragmas do not report: CHECKs, COLLATE, generated expressions,
//! AUTOINCREMENT, names of constraints, deferrable foreign keys, expressions and predicates of indexes.

use super::tokens::{Token, TokenKind, name, tokens};
use dbmocker_core::schema::Deferrable;

#[derive(Debug, Default)]
pub(super) struct TableText {
    pub columns: Vec<ColumnText>,
    /// (name if given, predicate).
    pub checks: Vec<(Option<String>, String)>,
    /// In the order of their declaration.
    pub foreign_keys: Vec<ForeignKeyText>,
    /// Named PRIMARY KEY and UNIQUE constraints: (name, columns).
    pub named_keys: Vec<(String, Vec<String>)>,
    /// All PRIMARY KEY and UNIQUE constraints, in the order of the text.
    pub keys: Vec<KeyText>,
}

#[derive(Debug)]
pub(super) struct KeyText {
    /// Its position, without its name.
    pub span: std::ops::Range<usize>,
    pub primary: bool,
    /// It has an ON CONFLICT clause, which is not in the span.
    pub on_conflict: bool,
}

#[derive(Debug, Default)]
pub(super) struct ColumnText {
    pub name: String,
    pub collation: Option<String>,
    pub generated: Option<String>,
    pub autoincrement: bool,
}

#[derive(Debug, Default)]
pub(super) struct ForeignKeyText {
    pub name: Option<String>,
    pub deferrable: Deferrable,
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct IndexText {
    /// The text of each part without COLLATE, ASC, DESC.
    pub parts: Vec<String>,
    pub predicate: Option<String>,
}

struct TokenCursor<'a> {
    sql: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

impl<'a> TokenCursor<'a> {
    fn new(sql: &'a str) -> Self {
        TokenCursor { sql, tokens: tokens(sql), at: 0 }
    }

    fn text(&self, i: usize) -> &'a str {
        self.tokens.get(i).map_or("", |t| &self.sql[t.start..t.end])
    }

    /// Whether the current token is this keyword or sign, unquoted.
    fn is(&self, word: &str) -> bool {
        self.is_at(self.at, word)
    }

    fn is_at(&self, i: usize, word: &str) -> bool {
        let bare = self.tokens.get(i).is_some_and(|t| matches!(t.kind, TokenKind::Word | TokenKind::Sign));
        bare && self.text(i).eq_ignore_ascii_case(word)
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.is(word);
        self.at += usize::from(found);
        found
    }

    fn done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn name(&mut self) -> String {
        self.at += 1;
        name(self.text(self.at - 1))
    }

    /// The text between the current parenthesis and the one that closes it; advances past it.
    fn group(&mut self) -> &'a str {
        let open = self.at;
        self.skip_group();
        let start = self.tokens.get(open).map_or(self.sql.len(), |t| t.end);
        let last = self.tokens.get(self.at.saturating_sub(1)).filter(|_| self.is_at(self.at - 1, ")"));
        let end = last.map_or(self.sql.len(), |t| t.start);
        self.sql.get(start..end).unwrap_or_default().trim()
    }

    fn skip_group(&mut self) {
        let mut depth = 0usize;
        while !self.done() {
            if self.is("(") {
                depth += 1;
            } else if self.is(")") {
                depth = depth.saturating_sub(1);
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    /// The plain names in the current parenthesis; COLLATE, ASC and DESC are dropped.
    fn names(&mut self) -> Vec<String> {
        let group = self.group();
        let tokens = tokens(group);
        let depth_one = tokens.split(|t| &group[t.start..t.end] == ",");
        depth_one.filter_map(|part| part.first().map(|t| name(&group[t.start..t.end]))).collect()
    }
}

/// Reads `CREATE TABLE ... (...)`. Text that cannot be parsed is skipped: the pragmas have the rest.
pub(super) fn table(sql: &str) -> TableText {
    let mut c = TokenCursor::new(sql);
    let mut table = TableText::default();
    while !c.done() && !c.is("(") {
        c.at += 1;
    }
    c.at += 1;
    while !c.done() && !c.is(")") {
        let constraint = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"].iter().any(|w| c.is(w));
        if constraint {
            constraints(&mut c, &mut table, None)
        } else {
            column(&mut c, &mut table)
        }
        c.eat(",");
    }
    table
}

fn column(c: &mut TokenCursor<'_>, table: &mut TableText) {
    table.columns.push(ColumnText { name: c.name(), ..ColumnText::default() });
    let own = table.columns.len() - 1;
    constraints(c, table, Some(own));
}

/// Everything up to the comma or parenthesis that ends this definition, of a column or of the table.
fn constraints(c: &mut TokenCursor<'_>, table: &mut TableText, column: Option<usize>) {
    let mut named = None;
    while !c.done() && !c.is(",") && !c.is(")") {
        if c.eat("CONSTRAINT") {
            named = Some(c.name());
        } else if c.is("CHECK") && c.is_at(c.at + 1, "(") {
            c.at += 1;
            let predicate = c.group().to_owned();
            table.checks.push((named.take(), predicate));
        } else if c.is("PRIMARY") || c.is("UNIQUE") {
            let (start, primary) = (c.tokens[c.at].start, c.is("PRIMARY"));
            c.at += 1;
            c.eat("KEY");
            let own = || column.map(|i| vec![table.columns[i].name.clone()]).unwrap_or_default();
            let columns = if c.is("(") { c.names() } else { own() };
            let _ = c.eat("ASC") || c.eat("DESC");
            let end = c.tokens.get(c.at - 1).map_or(c.sql.len(), |t| t.end);
            table.keys.push(KeyText { span: start..end, primary, on_conflict: c.is("ON") });
            table.named_keys.extend(named.take().map(|n| (n, columns)));
        } else if c.eat("FOREIGN") {
            c.eat("KEY");
            c.skip_group();
        } else if c.eat("REFERENCES") {
            let foreign_key = references(c, named.take());
            table.foreign_keys.push(foreign_key);
        } else if c.eat("DEFAULT") {
            // A word here is a value, not a constraint; a sign may precede a number.
            if c.is("(") {
                c.skip_group()
            } else {
                c.at += 1 + usize::from(c.is("+") || c.is("-"))
            }
            named = None;
        } else if let Some(i) = column {
            of_column(c, &mut table.columns[i]);
        } else {
            skip(c);
        }
    }
}

fn of_column(c: &mut TokenCursor<'_>, column: &mut ColumnText) {
    if c.eat("COLLATE") {
        column.collation = Some(c.name());
    } else if c.eat("AUTOINCREMENT") {
        column.autoincrement = true;
    } else if c.is("AS") && c.is_at(c.at + 1, "(") {
        c.at += 1;
        column.generated = Some(c.group().to_owned());
    } else {
        skip(c);
    }
}

fn skip(c: &mut TokenCursor<'_>) {
    if c.is("(") { c.skip_group() } else { c.at += 1 }
}

/// After REFERENCES: `parent [(columns)] [ON ... ...] [MATCH ...] [[NOT] DEFERRABLE [INITIALLY ...]]`.
fn references(c: &mut TokenCursor<'_>, named: Option<String>) -> ForeignKeyText {
    let mut fk = ForeignKeyText { name: named, deferrable: Deferrable::No };
    c.name();
    if c.is("(") {
        c.skip_group();
    }
    loop {
        if c.eat("ON") {
            // DELETE or UPDATE, then CASCADE, RESTRICT, SET NULL, SET DEFAULT or NO ACTION.
            c.at += 1;
            let two_words = c.is("SET") || c.is("NO");
            c.at += 1 + usize::from(two_words);
        } else if c.eat("MATCH") {
            c.at += 1;
        } else if c.is("NOT") && c.is_at(c.at + 1, "DEFERRABLE") {
            c.at += 2;
            if c.eat("INITIALLY") {
                c.at += 1;
            }
        } else if c.eat("DEFERRABLE") {
            fk.deferrable = Deferrable::InitiallyImmediate;
            if c.eat("INITIALLY") {
                if c.is("DEFERRED") {
                    fk.deferrable = Deferrable::InitiallyDeferred;
                }
                c.at += 1;
            }
        } else {
            return fk;
        }
    }
}

/// The statement of a table without its UNIQUE constraints, and optionally without its PRIMARY KEY. `None` if a
/// constraint has ON CONFLICT.
pub fn without_keys(sql: &str, primary: bool) -> Option<String> {
    let mut bare = String::with_capacity(sql.len());
    let mut from = 0;
    for key in table(sql).keys.into_iter().filter(|k| primary || !k.primary) {
        if key.on_conflict {
            return None;
        }
        bare.push_str(sql.get(from..key.span.start)?);
        // A placeholder is needed after a name or between two commas.
        bare.push_str("CHECK (1)");
        from = key.span.end;
    }
    bare.push_str(sql.get(from..)?);
    Some(bare)
}

/// Reads `CREATE [UNIQUE] INDEX n ON t (parts) [WHERE predicate]`.
pub(super) fn index(sql: &str) -> IndexText {
    let mut c = TokenCursor::new(sql);
    while !c.done() && !c.is("(") {
        c.at += 1;
    }
    let group = c.group();
    let inner = tokens(group);
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0i32, 0);
    for (i, t) in inner.iter().enumerate() {
        match &group[t.start..t.end] {
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 0 => {
                parts.push(part(group, &inner[from..i]));
                from = i + 1;
            }
            _ => {}
        }
    }
    parts.push(part(group, &inner[from..]));
    let predicate = c.is("WHERE").then(|| sql[c.tokens[c.at].end..].trim().trim_end_matches(';').trim().to_owned());
    IndexText { parts, predicate }
}

fn part(group: &str, mut tokens: &[Token]) -> String {
    let word = |t: &Token, w: &str| t.kind == TokenKind::Word && group[t.start..t.end].eq_ignore_ascii_case(w);
    if let [rest @ .., last] = tokens
        && (word(last, "ASC") || word(last, "DESC"))
    {
        tokens = rest;
    }
    if let [rest @ .., collate, _] = tokens
        && word(collate, "COLLATE")
    {
        tokens = rest;
    }
    match tokens {
        [] => String::new(),
        [first, ..] => group[first.start..tokens[tokens.len() - 1].end].to_owned(),
    }
}

/// `BEFORE INSERT` and similar, from `CREATE TRIGGER`.
pub(super) fn trigger_event(sql: &str) -> String {
    let mut c = TokenCursor::new(sql);
    let mut timing = "BEFORE";
    c.eat("CREATE");
    let _ = c.eat("TEMP") || c.eat("TEMPORARY");
    c.eat("TRIGGER");
    if c.eat("IF") {
        c.at += 2;
    }
    c.name();
    if c.eat(".") {
        c.name();
    }
    for (word, takes) in [("BEFORE", 1), ("AFTER", 1), ("INSTEAD", 2)] {
        if c.is(word) {
            timing = if word == "INSTEAD" { "INSTEAD OF" } else { word };
            c.at += takes;
            break;
        }
    }
    format!("{timing} {}", c.text(c.at).to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_everything() {
        let t = table(
            r#"CREATE TABLE "or""der" ( -- comment with ) and '
              id INTEGER CONSTRAINT pk PRIMARY KEY AUTOINCREMENT,
              [my name] VARCHAR(10) COLLATE NOCASE NOT NULL DEFAULT 'a, (b' CONSTRAINT c1 CHECK (length("my name") > 0),
              kind text DEFAULT -1 CHECK (kind IN ('a)', 'b')) UNIQUE,
              total REAL GENERATED ALWAYS AS (id * (2 + 1)) STORED,
              parent REFERENCE blob,
              p2 INT REFERENCES par(x) ON DELETE SET NULL ON UPDATE NO ACTION DEFERRABLE INITIALLY DEFERRED CHECK (p2 <> 0),
              `q` INT REFERENCES par NOT DEFERRABLE,
              CONSTRAINT u UNIQUE (kind COLLATE NOCASE, "my name" DESC)
              CONSTRAINT big CHECK (id > 0 AND /* x */ id < 9), CHECK (1),
              FOREIGN KEY (p2, q) REFERENCES par(x, y) MATCH FULL DEFERRABLE
            ) STRICT"#,
        );
        let names: Vec<&str> = t.columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["id", "my name", "kind", "total", "parent", "p2", "q"]);
        assert!(t.columns[0].autoincrement);
        assert_eq!(t.columns[1].collation.as_deref(), Some("NOCASE"));
        assert_eq!(t.columns[3].generated.as_deref(), Some("id * (2 + 1)"));
        let checks: Vec<(Option<&str>, &str)> = t.checks.iter().map(|(n, p)| (n.as_deref(), p.as_str())).collect();
        assert_eq!(
            checks,
            [
                (Some("c1"), "length(\"my name\") > 0"),
                (None, "kind IN ('a)', 'b')"),
                (None, "p2 <> 0"),
                (Some("big"), "id > 0 AND /* x */ id < 9"),
                (None, "1"),
            ]
        );
        let deferrable: Vec<Deferrable> = t.foreign_keys.iter().map(|f| f.deferrable).collect();
        assert_eq!(deferrable, [Deferrable::InitiallyDeferred, Deferrable::No, Deferrable::InitiallyImmediate]);
        assert_eq!(t.named_keys[0], ("pk".into(), vec!["id".into()]));
        assert_eq!(t.named_keys[1], ("u".into(), vec!["kind".into(), "my name".into()]));
    }

    #[test]
    fn keys_are_taken_out_of_a_table() {
        let sql = "CREATE TABLE t (a TEXT CONSTRAINT pk PRIMARY KEY DESC NOT NULL, b UNIQUE, [unique] INT DEFAULT 'UNIQUE' \
                   CHECK (a <> 'x UNIQUE'), /* UNIQUE */ CONSTRAINT u UNIQUE (a, b COLLATE NOCASE), FOREIGN KEY (b) REFERENCES t (b))";
        let unique_only = "CREATE TABLE t (a TEXT CONSTRAINT pk PRIMARY KEY DESC NOT NULL, b CHECK (1), [unique] INT DEFAULT 'UNIQUE' \
                   CHECK (a <> 'x UNIQUE'), /* UNIQUE */ CONSTRAINT u CHECK (1), FOREIGN KEY (b) REFERENCES t (b))";
        assert_eq!(without_keys(sql, false).as_deref(), Some(unique_only));
        let all = unique_only.replace("PRIMARY KEY DESC", "CHECK (1)");
        assert_eq!(without_keys(sql, true), Some(all));
        assert_eq!(without_keys("CREATE TABLE t (a UNIQUE ON CONFLICT IGNORE)", false), None);
        let rowid = "CREATE TABLE t (a INTEGER PRIMARY KEY ON CONFLICT REPLACE AUTOINCREMENT)";
        assert_eq!(without_keys(rowid, false).as_deref(), Some(rowid));
    }

    #[test]
    fn indexes() {
        let i = index(
            "CREATE UNIQUE INDEX \"i(\" ON t (lower(a, 'x,') COLLATE NOCASE DESC, b, c || ')' ASC) WHERE b > 0 ;",
        );
        assert_eq!(i.parts, ["lower(a, 'x,')", "b", "c || ')'"]);
        assert_eq!(i.predicate.as_deref(), Some("b > 0"));
        assert_eq!(index("CREATE INDEX i ON t(a)"), IndexText { parts: vec!["a".into()], predicate: None });
    }

    #[test]
    fn triggers() {
        assert_eq!(trigger_event("CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; END"), "AFTER INSERT");
        assert_eq!(trigger_event("CREATE TRIGGER a UPDATE OF x ON t BEGIN SELECT 1; END"), "BEFORE UPDATE");
        assert_eq!(
            trigger_event("CREATE TRIGGER \"b\" INSTEAD OF DELETE ON v BEGIN SELECT 1; END"),
            "INSTEAD OF DELETE"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic_or_loop(sql in "[a-zA-Z(),'\"\\[\\]` -]*") {
            table(&sql);
            table(&format!("CREATE TABLE t ({sql}"));
            without_keys(&format!("CREATE TABLE t (a UNIQUE {sql}"), true);
            index(&sql);
            trigger_event(&sql);
        }
    }
}
