//! Whether two paths of foreign keys from a row to an ancestor table lead to the same row: an order's customer and its
//! address's customer do, a comment's author and its article's author do not.

use super::roles;
use super::roles::{Hierarchy, singular};

/// Lookup tables whose rows own their child rows.
const OWNING_LISTS: &[&str] =
    &["store", "shop", "branch", "site", "team", "campaign", "channel", "warehouse", "office"];

/// People who also act on rows that other people own.
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

/// People who receive a service.
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

/// Tables whose rows belong to one person and are used by no other.
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
    "parcel",
    "payment",
    "payment method",
    "policy",
    "prescription",
    "profile",
    "purchase",
    "rental",
    "reservation",
    "session",
    "sheet",
    "timesheet",
    "payslip",
    "leave",
    "stay",
    "folio",
    "attempt",
    "shift",
    "shipment",
    "statement",
    "subscription",
    "token",
    "transaction",
    "trip",
    "visit",
    "wallet",
    "wishlist",
];

/// Tables of reactions: other people's actions on a row.
const REACTIONS: &[&str] = &[
    "answer", "bid", "bookmark", "click", "comment", "favorite", "follow", "follower", "like", "offer", "rating",
    "reaction", "reply", "report", "response", "review", "share", "view", "vote",
];

/// Tables of what a buyer does after a purchase, and tables of purchases.
const AFTER_SALE: &[&str] =
    &["review", "rating", "feedback", "dispute", "return", "complaint", "claim", "refund request", "return request"];
const PURCHASES: &[&str] = &[
    "order",
    "purchase",
    "booking",
    "reservation",
    "rental",
    "trip",
    "ride",
    "stay",
    "appointment",
    "visit",
    "parcel",
    "shipment",
    "delivery",
    "enrollment",
];
/// Roles of the person who purchased, and of the same person afterwards.
const BUYERS: &[&str] = &[
    "buyer",
    "client",
    "customer",
    "guest",
    "passenger",
    "patient",
    "renter",
    "rider",
    "student",
    "subscriber",
    "user",
    "member",
    "sender",
    "purchaser",
];
const AUTHORS: &[&str] = &[
    "author",
    "reviewer",
    "user",
    "customer",
    "buyer",
    "guest",
    "member",
    "opened by",
    "opener",
    "created by",
    "submitted by",
    "requested by",
    "requester",
    "claimant",
    "complainant",
    "reporter",
    "reported by",
    "raised by",
    "reviewed by",
    "rater",
    "client",
    "passenger",
    "patient",
    "student",
];

/// Two paths of foreign keys to one ancestor table.
#[derive(Debug, Clone, Copy)]
pub struct FkPaths<'a> {
    pub table: &'a str,
    /// The table's own columns.
    pub keys: [&'a str; 2],
    /// The first table on each path; `None` if that is the ancestor.
    pub first: [Option<&'a str>; 2],
    /// The last foreign key column of each path.
    pub columns: [&'a str; 2],
    pub ancestor: &'a str,
}

impl FkPaths<'_> {
    /// Whether the row is what the buyer did after a purchase: the author of an order's review is its buyer.
    fn is_after_sale(&self, a: &str, b: &str) -> bool {
        let (author, purchase, buyer) = match self.first {
            [None, Some(purchase)] => (a, purchase, b),
            [Some(purchase), None] => (b, purchase, a),
            _ => return false,
        };
        let buyer = singular(buyer);
        singular(self.table).ends_any(AFTER_SALE)
            && singular(purchase).ends_any(PURCHASES)
            && buyer.ends_any(BUYERS)
            && AUTHORS.contains(&singular(author).words.join(" ").as_str())
    }

    /// Whether both paths lead to the same row.
    pub fn same_ancestor(&self) -> bool {
        let ancestor = singular(self.ancestor);
        let container = roles::is_container(self.ancestor);
        if roles::listed(self.ancestor).is_some() && !container && !ancestor.ends_any(OWNING_LISTS) {
            return false;
        }
        let [a, b] = self.columns.map(role_of);
        if self.is_after_sale(&a, &b) {
            return true;
        }
        let plain = |name: &str| ancestor.words.join(" ").ends_with(name);
        // `sender_id` beside `sender_address_id`, an address of a customer.
        let named = |direct: usize, role: &str, other: &str| {
            self.first[direct].is_none() && plain(other) && begins_with(self.keys[1 - direct], role)
        };
        let same_role = a == b || plain(&a) && plain(&b) || named(0, &a, &b) || named(1, &b, &a);
        if !same_role {
            return false;
        }
        let actor = ancestor.ends_any(ACTORS) && !singular(&a).ends_any(SERVED);
        let people = actor || ancestor.ends_any(ACTORS) || ancestor.ends_any(SERVED);
        match self.first {
            _ if container && !actor => true,
            [Some(one), Some(other)] if people => {
                let [one, other] = [one, other].map(singular);
                let personal = [&one, &other].map(|name| name.ends_any(PERSONAL));
                let served = !actor && !one.ends_any(REACTIONS) && !other.ends_any(REACTIONS);
                one.words != other.words && (personal == [true; 2] || served && personal != [false; 2])
            }
            [Some(one), Some(other)] => one != other,
            [None, Some(first)] | [Some(first), None] if people => {
                let reaction = singular(self.table).ends_any(REACTIONS);
                let part = roles::is_named_after(self.table, first) && !reaction;
                singular(first).ends_any(PERSONAL) || part || !actor && !reaction
            }
            _ => true,
        }
    }
}

/// Whether a column's name begins with a role and has further words: `sender_address_id`.
fn begins_with(column: &str, role: &str) -> bool {
    let (name, role) = (singular(column).words, singular(role).words);
    name.len() > role.len() && name.starts_with(&role)
}

/// The role in a foreign key column's name: `customer` for `customer_id`.
fn role_of(column: &str) -> String {
    singular(column).key_role().join(" ")
}

/// A rank from 0 to 3 of how likely a tree of the table's rows has one parent row; 0: it may have several.
pub fn separation_rank(table: &str, column: &str, parent: &str) -> u8 {
    let name = singular(parent);
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

    fn same_ancestor(table: &str, first: [Option<&str>; 2], columns: [&str; 2], ancestor: &str) -> bool {
        FkPaths { table, keys: columns, first, columns, ancestor }.same_ancestor()
    }

    #[test]
    fn paths_through_owned_rows_meet() {
        let direct =
            |table, first, column, ancestor| same_ancestor(table, [None, Some(first)], [column, column], ancestor);
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
        assert!(!same_ancestor("orders", [None, Some("customers")], ["created_by", "manager_id"], "users"));
        let both = |table, first: [&'static str; 2], column, ancestor| {
            same_ancestor(table, first.map(Some), [column, column], ancestor)
        };
        assert!(both("user_roles", ["users", "roles"], "tenant_id", "tenants"));
        assert!(both("grades", ["students", "exams"], "course_id", "courses"));
        assert!(!both("flights", ["airports", "airports"], "city_id", "cities"));
        assert!(!both("transfers", ["wallets", "wallets"], "customer_id", "customers"));
        assert!(both("loyalty_transactions", ["loyalty_accounts", "bookings"], "guest_id", "guests"));
        assert!(both("order_items", ["orders", "listings"], "seller_id", "sellers"));
        assert!(!both("likes", ["posts", "comments"], "user_id", "users"));
        let review = |table, first, author, buyer| same_ancestor(table, [None, Some(first)], [author, buyer], "users");
        assert!(review("seller_reviews", "orders", "author_id", "buyer_id"));
        assert!(review("disputes", "orders", "opened_by", "buyer_id"));
        assert!(!review("disputes", "orders", "assigned_to", "buyer_id"));
        assert!(!review("order_reviews", "orders", "author_id", "seller_id"));
        assert!(!review("product_reviews", "products", "author_id", "seller_id"));
        let sender = |keys, first| FkPaths {
            table: "parcels",
            keys,
            first,
            columns: ["sender_id", "customer_id"],
            ancestor: "customers",
        };
        assert!(sender(["sender_id", "sender_address_id"], [None, Some("addresses")]).same_ancestor());
        assert!(!sender(["sender_id", "recipient_address_id"], [None, Some("addresses")]).same_ancestor());
    }

    #[test]
    fn trees_have_one_topic_or_container() {
        assert_eq!(separation_rank("article_comments", "parent_comment_id", "articles"), 3);
        assert_eq!(separation_rank("article_comments", "parent_comment_id", "members"), 0);
        assert_eq!(separation_rank("folders", "parent_id", "workspaces"), 1);
        assert_eq!(separation_rank("folders", "parent_id", "countries"), 0);
    }
}
