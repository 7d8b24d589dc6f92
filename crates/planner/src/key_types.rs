//! The values that foreign keys can hold: servers allow a key that is wider than the columns that refer to it
//! (`numeric` and `numeric(10,0)`, `varchar(255)` and `varchar(12)`), but a child can refer only to values that fit
//! both.

use std::collections::{BTreeMap, HashMap};

use dbmocker_core::schema::{Schema, SqlType, TableName};

/// (table, column) of keys, with the narrower type of the columns that refer to them, transitively.
pub(super) type KeyTypes = BTreeMap<(usize, usize), SqlType>;

/// Returns the narrowed types of keys; `order`: tables, parents first.
pub(super) fn key_types(schema: &Schema, order: &[usize]) -> KeyTypes {
    let named: HashMap<&TableName, usize> =
        schema.tables.iter().enumerate().map(|(t, table)| (&table.name, t)).collect();
    let mut key_types = KeyTypes::new();
    for &t in order.iter().rev() {
        let table = &schema.tables[t];
        for fk in table.every_foreign_key() {
            let Some(&p) = named.get(&fk.parent) else { continue };
            for (own, above) in fk.columns.iter().zip(&fk.parent_columns) {
                let parent = &schema.tables[p];
                let Some((own, above)) = table.column_index(own).zip(parent.column_index(above)) else { continue };
                let child = key_types.get(&(t, own)).unwrap_or(&table.columns[own].ty);
                let wide = key_types.get(&(p, above)).unwrap_or(&parent.columns[above].ty);
                let narrow = both(wide, child);
                if narrow != *wide {
                    key_types.insert((p, above), narrow);
                }
            }
        }
    }
    key_types
}

/// Returns the number of decimal digits that every integer of this many bytes can hold.
fn digits(bytes: u8) -> u16 {
    match bytes {
        1 => 2,
        2 => 4,
        3 => 6,
        4 => 9,
        _ => 18,
    }
}

/// Returns the type whose values fit both types; the first one if they are of different kinds.
fn both(wide: &SqlType, other: &SqlType) -> SqlType {
    let least = |a: Option<u32>, b: Option<u32>| [a, b].into_iter().flatten().min();
    let decimal = |(p, s): (u16, i16), (q, t): (u16, i16), unsigned| {
        let scale = s.min(t);
        let whole = |p: u16, s: i16| i32::from(p) - i32::from(s);
        let precision = whole(p, s).min(whole(q, t)) + i32::from(scale);
        SqlType::Decimal { precision: u16::try_from(precision.max(1)).unwrap_or(p), scale, unsigned }
    };
    match (wide, other) {
        (
            SqlType::Text { max_chars, max_bytes, fixed, case_insensitive },
            SqlType::Text { max_chars: chars, max_bytes: bytes, .. },
        ) => SqlType::Text {
            max_chars: least(*max_chars, *chars),
            max_bytes: least(*max_bytes, *bytes),
            fixed: *fixed,
            case_insensitive: *case_insensitive,
        },
        (SqlType::Int { bytes, unsigned, tinyint1 }, SqlType::Int { bytes: other, .. }) => {
            SqlType::Int { bytes: *bytes.min(other), unsigned: *unsigned, tinyint1: *tinyint1 }
        }
        (SqlType::Int { bytes, unsigned, tinyint1 }, SqlType::Decimal { precision, scale, .. }) if *precision > 0 => {
            let whole = i32::from(*precision) - i32::from(*scale);
            let fits = [8, 4, 3, 2].into_iter().find(|b| i32::from(digits(*b)) < whole).unwrap_or(1);
            SqlType::Int { bytes: fits.min(*bytes), unsigned: *unsigned, tinyint1: *tinyint1 }
        }
        (SqlType::Decimal { precision: 0, unsigned, .. }, SqlType::Decimal { precision, scale, .. })
            if *precision > 0 =>
        {
            SqlType::Decimal { precision: *precision, scale: *scale, unsigned: *unsigned }
        }
        (SqlType::Decimal { precision: 0, unsigned, .. }, SqlType::Int { bytes, .. }) => {
            SqlType::Decimal { precision: digits(*bytes), scale: 0, unsigned: *unsigned }
        }
        (SqlType::Decimal { precision, scale, unsigned }, SqlType::Decimal { precision: p, scale: s, .. })
            if *p > 0 =>
        {
            decimal((*precision, *scale), (*p, *s), *unsigned)
        }
        (SqlType::Decimal { precision, scale, unsigned }, SqlType::Int { bytes, .. }) => {
            decimal((*precision, *scale), (digits(*bytes), 0), *unsigned)
        }
        _ => wide.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbmocker_core::schema::fixtures::{Fixture, table};

    fn text(n: u32) -> SqlType {
        SqlType::Text { max_chars: Some(n), max_bytes: None, fixed: false, case_insensitive: false }
    }

    fn decimal(precision: u16, scale: i16) -> SqlType {
        SqlType::Decimal { precision, scale, unsigned: false }
    }

    fn int(bytes: u8) -> SqlType {
        SqlType::Int { bytes, unsigned: false, tinyint1: false }
    }

    #[test]
    fn the_narrower_type_of_one_kind_is_used() {
        assert_eq!(both(&text(255), &text(12)), text(12));
        assert_eq!(both(&text(12), &text(255)), text(12));
        assert_eq!(both(&decimal(0, 0), &decimal(10, 2)), decimal(10, 2));
        assert_eq!(both(&decimal(12, 4), &decimal(10, 0)), decimal(8, 0));
        assert_eq!(both(&decimal(5, 0), &decimal(0, 0)), decimal(5, 0));
        assert_eq!(both(&decimal(0, 0), &int(4)), decimal(9, 0));
        assert_eq!(both(&int(8), &decimal(5, 0)), int(2));
        assert_eq!(both(&int(8), &int(4)), int(4));
        assert_eq!(both(&SqlType::Uuid, &text(3)), SqlType::Uuid);
    }

    #[test]
    fn types_of_grandchildren_narrow_the_key() {
        let schema = Fixture::new()
            .with(table("a").varchar("x", 90).primary(&["x"]))
            .with(table("b").varchar("x", 40).primary(&["x"]).foreign(&["x"], "a", &["x"]))
            .with(table("c").varchar("x", 9).foreign(&["x"], "b", &["x"]))
            .schema();
        let found: Vec<_> = key_types(&schema, &[0, 1, 2]).into_iter().collect();
        assert_eq!(found, [((0, 0), text(9)), ((1, 0), text(9))]);
        assert!(key_types(&schema, &[0]).is_empty(), "only tables that are filled count");
    }
}
