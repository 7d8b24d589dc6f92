//! The storage class of values in a column without a type, by the table's CHECKs.

use dbmocker_core::schema::{Column, Table};

/// The first storage class in a CHECK of the form `typeof(column) = 'integer'` or `typeof(column) IN ('integer', ...)`,
/// else that of the numbers with which a CHECK compares the column: nothing converts its values. `None` if there is no
/// such CHECK.
pub(super) fn storage_class(table: &Table, column: &Column) -> Option<&'static str> {
    let name = column.name.to_lowercase();
    let checks: Vec<Vec<String>> = table.checks.iter().map(|check| tokens(&check.text)).collect();
    let declared = checks.iter().find_map(|tokens| declared(tokens, &name));
    declared.or_else(|| compared(&checks, &name))
}

/// The class with which `typeof(column)` is compared first.
fn declared(tokens: &[String], name: &str) -> Option<&'static str> {
    let at = tokens.windows(4).position(|w| w[0] == "typeof" && w[1] == "(" && w[2] == name && w[3] == ")")?;
    let operands = operands(&tokens[at + 4..])?;
    let first = operands.first()?;
    ["integer", "real", "blob", "text"].into_iter().find(|class| first.strip_prefix('\'') == Some(class))
}

/// The class of the numbers with which CHECKs compare the column; `None` if it is compared with other values as well, or
/// with none.
fn compared(checks: &[Vec<String>], name: &str) -> Option<&'static str> {
    let operands = checks.iter().flat_map(|tokens| {
        let all = tokens.iter().enumerate().filter(|(_, token)| *token == name);
        all.filter_map(|(at, _)| operands(&tokens[at + 1..])).flatten()
    });
    let operands: Vec<&str> = operands.collect();
    let number = |operand: &&str| operand.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if operands.is_empty() || !operands.iter().all(number) {
        return None;
    }
    Some(if operands.iter().any(|number| number.contains(['.', 'e'])) { "real" } else { "integer" })
}

/// What follows a comparison operator, `BETWEEN` or `IN`; `None` if there is no such operator.
fn operands(tokens: &[String]) -> Option<Vec<&str>> {
    let mut rest = tokens.iter().map(String::as_str).filter(|token| !matches!(*token, "-" | "+" | ",")).peekable();
    rest.next_if_eq(&"not");
    match rest.next()? {
        "in" => {
            rest.next_if_eq(&"(")?;
            Some(rest.take_while(|token| *token != ")").collect())
        }
        "between" | "=" | "==" | "<>" | "!=" | "<" | ">" | "<=" | ">=" => Some(rest.take(1).collect()),
        _ => None,
    }
}

/// The tokens of an expression in lower case; names without their quotes, texts with their first one.
fn tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let mut token = String::new();
        match c {
            c if c.is_whitespace() => continue,
            '\'' | '"' | '`' | '[' => {
                let end = if c == '[' { ']' } else { c };
                if c == '\'' {
                    token.push(c);
                }
                token.extend(chars.by_ref().take_while(|c| *c != end));
            }
            '<' | '>' | '=' | '!' => {
                token.push(c);
                while let Some(more) = chars.next_if(|c| matches!(c, '<' | '>' | '=')) {
                    token.push(more);
                }
            }
            c => {
                token.push(c);
                let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
                while let Some(more) = chars.next_if(|next| word(c) && word(*next)) {
                    token.push(more);
                }
            }
        }
        out.push(token.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use dbmocker_core::schema::{Check, SqlType, TableName};

    use super::*;

    #[test]
    fn classes_by_checks() {
        for (check, class) in [
            ("typeof(d) = 'integer'", Some("integer")),
            ("typeof( \"d\" ) IN ('real', 'integer')", Some("real")),
            ("d IN (1, 2, 3)", Some("integer")),
            ("[d] NOT IN (-1, 2)", Some("integer")),
            ("d in (1.50, 2)", Some("real")),
            ("x = 1 AND d BETWEEN 0.5 AND 1", Some("real")),
            ("d>=0", Some("integer")),
            ("d IN (1, 'x')", None),
            ("d = 'x'", None),
            ("length(d) > 3", None),
            ("add > 3", None),
        ] {
            let mut table = Table::new(TableName::new("main", "t"));
            table.checks = vec![Check { name: "c".into(), text: check.into(), validated: true }];
            let column = Column::new("d", SqlType::Untyped, "");
            assert_eq!(storage_class(&table, &column), class, "{check}");
        }
    }
}
