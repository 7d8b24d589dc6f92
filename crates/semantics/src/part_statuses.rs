//! Statuses of rows that are parts of a parent row, by that row's status: the items of a cancelled order are not shipped.

use super::life_cycle::LifeCycle;
use super::names::Name;
use super::roles::singular;

/// Words for columns that hold a status.
const STATUSES: &[&str] = &["status", "state", "stage"];

/// Tables whose rows share the fate of their parent.
const PARTS: &[&str] = &[
    "item",
    "line",
    "detail",
    "position",
    "shipment",
    "delivery",
    "fulfillment",
    "fulfilment",
    "parcel",
    "package",
    "payment",
    "task",
    "subtask",
    "phase",
    "milestone",
    "deliverable",
    "step",
    "operation",
    "leg",
    "segment",
    "pick",
    "ticket item",
    "seat",
    "passenger",
];

/// Returns true if a table's status follows that of a parent row, whose rows it is part of.
///
/// ```
/// use dbmocker_semantics::part_statuses::follows;
/// assert!(follows("order_items", "status", "orders", "status"));
/// assert!(follows("shipments", "shipment_status", "orders", "order_status"));
/// assert!(!follows("reviews", "status", "orders", "status") && !follows("orders", "status", "customers", "status"));
/// ```
pub fn follows(table: &str, column: &str, parent: &str, status: &str) -> bool {
    let own = |table: &Name, column: &str| {
        let column = Name::new(column);
        let Some((last, front)) = column.words.split_last() else { return false };
        STATUSES.contains(&last.as_str()) && front.iter().all(|word| table.words.contains(word))
    };
    let (table, parent) = (singular(table), singular(parent));
    table.ends_any(PARTS) && own(&table, column) && own(&parent, status)
}

/// Returns for each status of the parent those of the row, as indices, that agree with it, first the one that replaces
/// those that do not; `None` if all do.
pub fn agreeing(parent: &LifeCycle, own: &LifeCycle) -> Vec<Option<Vec<usize>>> {
    let (progress, ended) = (own.progress(), own.broken_off());
    let all = 0..progress.len();
    let of = |(done, broken): (Option<bool>, bool)| {
        let waiting: Vec<usize> = all.clone().filter(|&i| progress[i] == Some(false)).collect();
        let broken_off: Vec<usize> = all.clone().filter(|&i| ended[i]).collect();
        let returned = || all.clone().filter(|&i| own.is_returned(i) && !ended[i]);
        let allowed = match (done, broken) {
            // What was paid before is given back.
            (_, true) if !broken_off.is_empty() => {
                broken_off.into_iter().chain(returned().filter(|&i| own.is_refunded(i))).collect()
            }
            (_, true) => waiting,
            (Some(false), _) if !waiting.is_empty() => [waiting, broken_off].concat(),
            (Some(true), _) if progress.contains(&Some(true)) => {
                // What is over may also have been given back.
                let done = all.clone().filter(|&i| progress[i] == Some(true));
                done.chain(returned().filter(|&i| progress[i] != Some(true))).collect()
            }
            _ => Vec::new(),
        };
        Some(allowed).filter(|allowed| !allowed.is_empty() && allowed.len() < progress.len())
    };
    parent.progress().into_iter().zip(parent.broken_off()).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_share_the_fate_of_the_whole() {
        let status = Name::new("status");
        let orders = ["pending", "processing", "shipped", "delivered", "cancelled"];
        let items = ["pending", "packed", "shipped", "delivered", "returned", "cancelled"];
        let [parent, own] = [&orders[..], &items[..]].map(|list| LifeCycle::of(&status, list).unwrap());
        let named = |i: usize| agreeing(&parent, &own)[i].clone().map(|all| all.iter().map(|&i| items[i]).collect());
        let none: Option<Vec<&str>> = None;
        assert_eq!(named(0), Some(vec!["pending", "cancelled"]));
        assert_eq!([named(1), named(2)], [none.clone(), none]);
        assert_eq!(named(3), Some(vec!["delivered", "returned"]));
        assert_eq!(named(4), Some(vec!["cancelled"]));
        let payments = ["pending", "paid", "failed", "refunded"];
        let paid = LifeCycle::of(&status, &payments).unwrap();
        assert_eq!(agreeing(&parent, &paid)[4], Some(vec![2, 3]), "failed or refunded");
        assert!(!follows("order_items", "_", "orders", "status"));
        let own = LifeCycle::of(&status, &["open", "done"]).unwrap();
        assert_eq!(agreeing(&parent, &own)[4], Some(vec![0]));
    }
}
