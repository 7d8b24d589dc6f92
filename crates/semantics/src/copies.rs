//! Columns that repeat a value of their parent row, by their names.

use super::amounts;
use super::amounts::{Amount, in_cents};
use super::names::Name;
use super::roles::singular;

/// Columns that have the same value in a child as in its parent, if both have the name.
const SAME: &[&str] = &[
    "currency",
    "currency code",
    "sku",
    "ean",
    "isbn",
    "barcode",
    "tax rate",
    "vat rate",
    "unit of measure",
    "order number",
    "invoice number",
    "exchange rate",
    "credit hours",
    "ects",
    "ects credits",
];

/// Tables whose rows have credits for those who complete them.
const COURSES: &[&str] = &["course", "subject", "module", "class", "lecture", "seminar", "section", "unit"];

/// First words of names that are not what a row is called.
const OTHER_NAMES: &[&str] = &[
    "first",
    "last",
    "middle",
    "maiden",
    "nick",
    "user",
    "login",
    "contact",
    "file",
    "host",
    "brand",
    "owner",
    "street",
    "city",
    "company",
    "manufacturer",
    "family",
    "given",
];

/// Tables of payments for a bill.
const PAYMENTS: &[&str] = &["payment", "charge", "refund", "receipt", "settlement", "payout"];

/// How a child's column relates to its parent's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyMode {
    /// The same value.
    Whole,
    /// At most the parent's value.
    AtMost,
    /// Often the same value, sometimes a fraction of it.
    Part,
    /// A part, so that the parts of all rows of the parent add up to the value.
    Portion,
}

/// A column of a child table, and the foreign key to its parent.
#[derive(Debug, Clone, Copy)]
pub struct ChildColumn<'a> {
    pub table: &'a str,
    pub column: &'a str,
    /// The foreign key's column.
    pub key: &'a str,
    /// The table has a quantity: its rows are order lines.
    pub line: bool,
}

/// How the child's column repeats the parent's, with a score from 3 to 9 (higher is a better match); `None` if it does
/// not.
pub fn copied(child: ChildColumn<'_>, parent: &str, column: &str) -> Option<(CopyMode, u8)> {
    let (mut own, theirs, table) = (Name::new(child.column), Name::new(column), Name::new(parent));
    // `title_snapshot` is the parent's title at the time.
    if own.words.len() > 1 && own.last() == "snapshot" {
        own.words.pop();
        if own.words == theirs.words {
            return Some((CopyMode::Whole, 9));
        }
    }
    if in_cents(child.column) != in_cents(column) {
        return None;
    }
    let role = Name::new(child.key).key_role();
    let prefixed = |front: &[String]| !front.is_empty() && own.words == [front, &theirs.words].concat();
    // `shipping_city` of `shipping_address_id`.
    let of_place = role.len() > 1 && role.last() == table.words.last() && prefixed(&role[..role.len() - 1]);
    if of_place
        || prefixed(&role)
        || prefixed(&table.words)
        || table.words.last().is_some_and(|w| prefixed(std::slice::from_ref(w)))
    {
        return Some((CopyMode::Whole, 9));
    }
    // `rate` of commissions is the agent's `commission_rate`.
    if theirs.words == [&singular(child.table).words[..], &own.words].concat() {
        return Some((CopyMode::Whole, 8));
    }
    // `medication_name` is the medication's `generic_name`, and `article_no` is that of the article.
    let front = own.words.split_last().filter(|(last, _)| *last == "name").map(|(_, front)| front.to_vec());
    let called = front.is_some_and(|front| front == role || front == singular(parent).words);
    if called && theirs.last() == "name" && theirs.words.len() == 2 && !OTHER_NAMES.contains(&theirs.words[0].as_str())
    {
        return Some((CopyMode::Whole, 6));
    }
    let code = ["number", "no", "code", "sku"].contains(&own.last());
    if own.words == theirs.words && code && table.words.last().is_some_and(|w| own.words[0] == *w) {
        return Some((CopyMode::Whole, 7));
    }
    let phrase = own.words.join(" ");
    // Credits of a course, not of an account.
    let credits = ["credit", "credits"].contains(&phrase.as_str()) && table.ends_any(COURSES);
    if own.words == theirs.words && (SAME.contains(&phrase.as_str()) || credits) {
        return Some((CopyMode::Whole, 8));
    }
    numbers(child, &own, column, own.words == theirs.words)
}

/// As [`copied`], for prices, amounts and quantities.
fn numbers(child: ChildColumn<'_>, own: &Name, column: &str, same: bool) -> Option<(CopyMode, u8)> {
    let (mine, theirs) = (amounts::amount(child.column)?, amounts::amount(column)?);
    let table = Name::new(child.table);
    let pays = PAYMENTS.contains(&table.last());
    match (mine, theirs) {
        (Amount::UnitPrice, Amount::UnitPrice) => Some((CopyMode::Whole, 7)),
        (Amount::UnitPrice, Amount::Price) if !own.ends("unit cost") => Some((CopyMode::Whole, 6)),
        (Amount::UnitPrice, Amount::Cost) if own.ends("unit cost") => Some((CopyMode::Whole, 7)),
        (Amount::Price, Amount::Price | Amount::UnitPrice) if child.line => Some((CopyMode::Whole, 5)),
        (Amount::Line, Amount::Paid) if pays && !child.line && !table.ends_any(&["refund", "payout"]) => {
            Some((CopyMode::Portion, 5))
        }
        (Amount::Line, Amount::Total | Amount::Gross) if pays && !child.line && table.last() != "refund" => {
            Some((CopyMode::Portion, 4))
        }
        (Amount::Line, Amount::Total | Amount::Gross) if table.last() == "dispute" => Some((CopyMode::Part, 3)),
        (Amount::Line, Amount::Line) if pays && table.last() == "refund" => Some((CopyMode::Part, 3)),
        (Amount::Refunded, Amount::Line | Amount::Total) => Some((CopyMode::Part, 3)),
        (Amount::Quantity, Amount::Quantity)
            if same && table.has_any(&["return", "shipment", "refund", "delivery"]) =>
        {
            Some((CopyMode::AtMost, 3))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_columns_by_name() {
        let of = |table: &str, column, key, parent, theirs| {
            let line = table.ends_with("_items") || table == "folio_charges";
            copied(ChildColumn { table, column, key, line }, parent, theirs).map(|(how, _)| how)
        };
        for (table, column, key, parent, theirs, expected) in [
            ("order_items", "product_name", "product_id", "products", "name", Some(CopyMode::Whole)),
            ("order_items", "sku", "product_id", "products", "sku", Some(CopyMode::Whole)),
            ("order_items", "unit_price", "product_id", "products", "price", Some(CopyMode::Whole)),
            ("order_items", "unit_price", "product_id", "products", "cost", None),
            ("orders", "shipping_city", "shipping_address_id", "addresses", "city", Some(CopyMode::Whole)),
            ("cities", "country_code", "country_id", "countries", "code", Some(CopyMode::Whole)),
            ("users", "name", "company_id", "companies", "name", None),
            ("payments", "amount", "order_id", "orders", "total", Some(CopyMode::Portion)),
            ("payments", "amount", "invoice_id", "invoices", "amount_paid", Some(CopyMode::Portion)),
            ("refunds", "amount", "invoice_id", "invoices", "amount_paid", None),
            ("folio_charges", "amount", "booking_id", "bookings", "total_amount", None),
            ("payments", "currency", "order_id", "orders", "currency", Some(CopyMode::Whole)),
            ("returns", "quantity", "item_id", "order_items", "quantity", Some(CopyMode::AtMost)),
            ("returns", "refund_amount", "item_id", "order_items", "line_total", Some(CopyMode::Part)),
            ("prices", "price_cents", "product_id", "products", "price", None),
            ("prescriptions", "drug_name", "drug_id", "drugs", "generic_name", Some(CopyMode::Whole)),
            ("prescriptions", "patient_name", "patient_id", "patients", "first_name", None),
            ("order_lines", "article_no", "article_id", "articles", "article_no", Some(CopyMode::Whole)),
            ("orders", "postal_code", "customer_id", "customers", "postal_code", None),
        ] {
            assert_eq!(of(table, column, key, parent, theirs), expected, "{table}.{column} of {parent}.{theirs}");
        }
    }
}
