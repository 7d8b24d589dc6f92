//! SQL statements from files, with placeholders replaced by values.

/// The statement with each `{name}` replaced by its value, without comment lines. A value may contain a line break, or
/// another placeholder's name.
///
/// Values are SQL already: quoted names and literals.
pub(crate) fn filled(template: &str, values: &[(&str, &str)]) -> String {
    let lines = template.lines().filter(|line| !line.trim_start().starts_with("--"));
    let mut rest = &*lines.collect::<Vec<_>>().join("\n");
    let mut out = String::with_capacity(rest.len());
    loop {
        let places = values.iter().filter_map(|(name, value)| Some((rest.find(&format!("{{{name}}}"))?, name, value)));
        let Some((at, name, value)) = places.min_by_key(|(at, ..)| *at) else {
            return out + rest;
        };
        out += &rest[..at];
        out += value;
        rest = &rest[at + name.len() + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn values_stay_in_their_places() {
        let sql = "-- of {table}\nSELECT {table}\n  -- why\nFROM {schema} WHERE '{' = {table}";
        let values = [("table", "'a\nb {schema}'"), ("schema", "\"s{table}\"")];
        let expected = "SELECT 'a\nb {schema}'\nFROM \"s{table}\" WHERE '{' = 'a\nb {schema}'";
        assert_eq!(filled(sql, &values), expected);
    }
}
