//! Parses `pg_get_expr(relpartbound)` and partition keys into the model's bounds.

use dbmocker_core::schema::PartitionBound;
use dbmocker_core::schema::lists::{closing, items, literal};

/// Reads `FOR VALUES FROM (...) TO (...)`, `FOR VALUES IN (...)`, `FOR VALUES WITH (modulus m, remainder r)`,
/// `DEFAULT`.
pub(super) fn parse(text: &str) -> Option<PartitionBound> {
    let text = text.trim();
    if text == "DEFAULT" {
        return Some(PartitionBound::Default);
    }
    let rest = text.strip_prefix("FOR VALUES ")?;
    if let Some(list) = rest.strip_prefix("IN ") {
        let values = items(list)?.into_iter().map(|i| if i == "NULL" { None } else { Some(literal(i)) }).collect();
        return Some(PartitionBound::List { values });
    }
    if let Some(hash) = rest.strip_prefix("WITH ") {
        let parts = items(hash)?;
        let number = |name: &str| parts.iter().find_map(|p| p.strip_prefix(name)?.trim().parse().ok());
        return Some(PartitionBound::Hash { modulus: number("modulus")?, remainder: number("remainder")? });
    }
    let range = rest.strip_prefix("FROM ")?;
    let (from, to) = range.split_at(closing(range)? + 1);
    let to = to.trim_start().strip_prefix("TO ")?;
    let texts = |list| Some(items(list)?.into_iter().map(literal).collect());
    Some(PartitionBound::Range { from: texts(from)?, to: texts(to)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        format!("{:?}", parse(text).unwrap())
    }

    #[test]
    fn bounds() {
        assert_eq!(
            shown("FOR VALUES FROM ('2022-01-01 00:00:00+00', MINVALUE) TO ('2022-02-01', '5')"),
            r#"Range { from: ["2022-01-01 00:00:00+00", "MINVALUE"], to: ["2022-02-01", "5"] }"#
        );
        assert_eq!(
            shown("FOR VALUES IN ('it''s, (x)', NULL, '-5'::integer, ('a::b')::text)"),
            r#"List { values: [Some("it's, (x)"), None, Some("-5"), Some("a::b")] }"#
        );
        assert_eq!(shown("FOR VALUES WITH (modulus 4, remainder 3)"), "Hash { modulus: 4, remainder: 3 }");
        assert_eq!(shown("DEFAULT"), "Default");
        assert!(parse("FOR VALUES SOMEHOW").is_none());
    }

    proptest::proptest! {
        #[test]
        fn any_list_of_texts_survives(values in proptest::collection::vec(".*", 1..5)) {
            let quoted: Vec<String> = values.iter().map(|v| format!("'{}'", v.replace('\'', "''"))).collect();
            let Some(PartitionBound::List { values: read }) = parse(&format!("FOR VALUES IN ({})", quoted.join(", "))) else {
                panic!("no list");
            };
            proptest::prop_assert_eq!(read.into_iter().map(Option::unwrap).collect::<Vec<_>>(), values);
        }
    }
}
