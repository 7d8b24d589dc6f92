//! Whether two ways from a row to one ancestor lead to the same row of it: an order's customer and its address's, not a
//! comment's author and its article's.

use super::roles;
use super::roles::{Hierarchy, thing};

/// Lists that own what belongs to them.
const OWNING_LISTS: &[&str] =
    &["store", "shop", "branch", "site", "team", "campaign", "channel", "warehouse", "office"];

/// People who act on what belongs to others as well.
const ACTORS: &[&str] = &[
    "user",
    "member",
    "person",
    "people",
    "employee",
    "staff",
    "author",
    "player",
    "profile",
    "teacher",
    "driver",
    "instructor",
    "agent",
    "doctor",
    "creator",
    "owner",
];

/// People for whom something is done.
const SERVED: &[&str] = &[
    "buyer",
    "candidate",
    "client",
    "contact",
    "customer",
    "guest",
    "passenger",
    "patient",
    "policyholder",
    "seller",
    "student",
    "subscriber",
    "supplier",
    "vendor",
];

/// What belongs to one person, and is used by nobody else.
const PERSONAL: &[&str] = &[
    "account",
    "address",
    "admission",
    "application",
    "appointment",
    "booking",
    "card",
    "cart",
    "claim",
    "contract",
    "credential",
    "device",
    "encounter",
    "enrollment",
    "invoice",
    "key",
    "license",
    "loan",
    "membership",
    "order",
    "payment",
    "payment method",
    "policy",
    "prescription",
    "profile",
    "purchase",
    "rental",
    "reservation",
    "session",
    "shift",
    "statement",
    "subscription",
    "token",
    "transaction",
    "trip",
    "visit",
    "wallet",
    "wishlist",
];

/// What others do with a row.
const REACTIONS: &[&str] = &[
    "answer", "bid", "bookmark", "click", "comment", "favorite", "follow", "follower", "like", "offer", "rating",
    "reaction", "reply", "report", "response", "review", "share", "view", "vote",
];

/// Two ways to one ancestor.
#[derive(Debug, Clone, Copy)]
pub struct Ways<'a> {
    pub table: &'a str,
    /// The first table on each way; `None` where that is the ancestor.
    pub first: [Option<&'a str>; 2],
    /// The column by which each way ends at the ancestor.
    pub columns: [&'a str; 2],
    pub ancestor: &'a str,
}

impl Ways<'_> {
    /// Whether the ways meet.
    pub fn meet(&self) -> bool {
        let ancestor = thing(self.ancestor);
        let container = roles::is_container(self.ancestor);
        if roles::listed(self.ancestor).is_some() && !container && !ancestor.ends_any(OWNING_LISTS) {
            return false;
        }
        let [a, b] = self.columns.map(role_of);
        let plain = |name: &str| ancestor.words.join(" ").ends_with(name);
        if a != b && !(plain(&a) && plain(&b)) {
            return false;
        }
        let actor = ancestor.ends_any(ACTORS) && !thing(&a).ends_any(SERVED);
        let people = actor || ancestor.ends_any(ACTORS) || ancestor.ends_any(SERVED);
        match self.first {
            _ if container && !actor => true,
            [Some(one), Some(other)] => one != other && !people,
            [None, Some(first)] | [Some(first), None] if people => {
                let reaction = thing(self.table).ends_any(REACTIONS);
                let part = roles::is_named_after(self.table, first) && !reaction;
                thing(first).ends_any(PERSONAL) || part || !actor && !reaction
            }
            _ => true,
        }
    }
}

/// A reference's name without what says that it is one: `customer` of `customer_id`.
fn role_of(column: &str) -> String {
    let mut words = thing(column).words;
    if words.len() > 1
        && words.last().is_some_and(|w| ["id", "key", "code", "number", "uuid", "ref"].contains(&w.as_str()))
    {
        words.pop();
    }
    words.join(" ")
}

/// How much the rows of a parent keep trees of a table's rows apart; 0: not at all.
pub fn keeps_apart(table: &str, column: &str, parent: &str) -> u8 {
    let name = thing(parent);
    let people = name.ends_any(ACTORS) || name.ends_any(SERVED);
    match roles::hierarchy(table, column) {
        Hierarchy::Thread if !people && roles::listed(parent).is_none() && !roles::is_container(parent) => 3,
        _ if roles::is_named_after(table, parent) && !people => 2,
        _ if roles::is_container(parent) || roles::listed(parent).is_some() && name.ends_any(OWNING_LISTS) => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meet(table: &str, first: [Option<&str>; 2], columns: [&str; 2], ancestor: &str) -> bool {
        Ways { table, first, columns, ancestor }.meet()
    }

    #[test]
    fn owners_meet_and_others_do_not() {
        let direct = |table, first, column, ancestor| meet(table, [None, Some(first)], [column, column], ancestor);
        assert!(direct("invoices", "subscriptions", "tenant_id", "tenants"));
        assert!(direct("orders", "addresses", "customer_id", "customers"));
        assert!(direct("purchase_order_items", "products", "supplier_id", "suppliers"));
        assert!(direct("payments", "orders", "user_id", "users"));
        assert!(direct("refund_lines", "refunds", "order_id", "orders"));
        assert!(direct("transfers", "employees", "store_id", "stores"));
        assert!(!direct("comments", "articles", "author_id", "users"));
        assert!(!direct("likes", "posts", "user_id", "users"));
        assert!(!direct("review_votes", "reviews", "customer_id", "customers"));
        assert!(!direct("shops", "owners", "country_id", "countries"));
        assert!(!direct("items", "sets", "category_id", "categories"));
        assert!(!meet("orders", [None, Some("customers")], ["created_by", "manager_id"], "users"));
        let both = |table, first: [&'static str; 2], column, ancestor| {
            meet(table, first.map(Some), [column, column], ancestor)
        };
        assert!(both("user_roles", ["users", "roles"], "tenant_id", "tenants"));
        assert!(both("grades", ["students", "exams"], "course_id", "courses"));
        assert!(!both("flights", ["airports", "airports"], "city_id", "cities"));
        assert!(!both("transfers", ["wallets", "wallets"], "customer_id", "customers"));
    }

    #[test]
    fn trees_stay_within_what_they_are_about() {
        assert_eq!(keeps_apart("article_comments", "parent_comment_id", "articles"), 3);
        assert_eq!(keeps_apart("article_comments", "parent_comment_id", "members"), 0);
        assert_eq!(keeps_apart("folders", "parent_id", "workspaces"), 1);
        assert_eq!(keeps_apart("folders", "parent_id", "countries"), 0);
    }
}
