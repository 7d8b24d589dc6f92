//! Whether the name of a foreign key asks for parent rows of one kind.

use super::names::Name;
use super::roles::singular;

/// Names of columns that hold the kind of a row.
const KINDS: &[&str] = &["type", "kind", "role", "usage", "purpose", "address type", "account type", "party type"];

/// The value of a parent's kind column that the name of a foreign key column asks for: `shipping` for
/// `shipping_address_id`, `vendor` for `vendor_id` of contacts. `None` if the column does not hold kinds, or no value is
/// the role.
pub fn role_value<'v>(key: &str, parent: &str, column: &str, values: &[&'v str]) -> Option<&'v str> {
    if !Name::new(column).ends_any(KINDS) {
        return None;
    }
    let mut role = singular(key).key_role();
    let parent = singular(parent).words;
    if let Some(front) = role.strip_suffix(&parent[parent.len().saturating_sub(1)..]) {
        role = front.to_vec();
    }
    values.iter().find(|value| !role.is_empty() && singular(value).words == role).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_ask_for_rows_of_a_kind() {
        let of = |key, parent, column, values: &[&'static str]| role_value(key, parent, column, values);
        assert_eq!(of("shipping_address_id", "addresses", "type", &["billing", "shipping"]), Some("shipping"));
        assert_eq!(of("vendor_id", "contacts", "kind", &["customer", "vendor"]), Some("vendor"));
        assert_eq!(of("teacher_id", "users", "role", &["Student", "Teacher"]), Some("Teacher"));
        assert_eq!(of("address_id", "addresses", "type", &["billing", "shipping"]), None);
        assert_eq!(of("vendor_id", "contacts", "status", &["vendor"]), None);
    }
}
