//! Histories of a status, read back from the database.

use crate::program::dbmocker;
use crate::servers::{KINDS, database};

const TICKETS: &str = "
    CREATE TABLE tickets (id INTEGER PRIMARY KEY, subject VARCHAR(80) NOT NULL, status VARCHAR(20) NOT NULL
        CHECK (status IN ('new', 'open', 'pending', 'resolved', 'closed')), created_at TIMESTAMP NOT NULL);
    CREATE TABLE ticket_status_history (id INTEGER PRIMARY KEY, ticket_id INTEGER NOT NULL, from_status VARCHAR(20),
        to_status VARCHAR(20) NOT NULL, changed_at TIMESTAMP NOT NULL,
        CHECK (from_status IS NULL OR from_status <> to_status), FOREIGN KEY (ticket_id) REFERENCES tickets (id));
    CREATE TABLE claims (id INTEGER PRIMARY KEY, claim_number VARCHAR(20) NOT NULL, status VARCHAR(20) NOT NULL
        CHECK (status IN ('submitted', 'under_review', 'approved', 'rejected', 'paid')), submitted_at TIMESTAMP NOT NULL);
    CREATE TABLE claim_events (id INTEGER PRIMARY KEY, claim_id INTEGER NOT NULL, status VARCHAR(20) NOT NULL
        CHECK (status IN ('SUBMITTED', 'UNDER_REVIEW', 'APPROVED', 'REJECTED', 'PAID')), occurred_at TIMESTAMP NOT NULL,
        FOREIGN KEY (claim_id) REFERENCES claims (id));
    CREATE TABLE claim_payments (id INTEGER PRIMARY KEY, claim_id INTEGER NOT NULL, amount DECIMAL(10, 2) NOT NULL,
        status VARCHAR(20) NOT NULL CHECK (status IN ('pending', 'paid', 'failed')),
        FOREIGN KEY (claim_id) REFERENCES claims (id));";

#[test]
fn histories_lead_to_the_status() {
    for kind in KINDS {
        let db = database(kind, TICKETS);
        dbmocker(["load", "--url", &db.url, "--rows", "tickets=400,claims=400,*=1500"]).ok();
        let none = |what: &str, query: &str| assert_eq!(db.number(query), 0, "{kind:?}: {what}");
        none(
            "last changes that do not lead to the ticket's status",
            "SELECT count(*) FROM tickets t JOIN ticket_status_history h ON h.ticket_id = t.id WHERE to_status <> status
                AND NOT EXISTS (SELECT 1 FROM ticket_status_history later WHERE later.ticket_id = t.id
                    AND (later.changed_at > h.changed_at OR later.changed_at = h.changed_at AND later.id > h.id))",
        );
        none(
            "changes that do not go on from the one before",
            "SELECT count(*) FROM (SELECT from_status, lag(to_status) OVER (PARTITION BY ticket_id ORDER BY changed_at, id)
                AS last FROM ticket_status_history) AS x WHERE last IS NOT NULL AND (from_status <> last OR from_status IS NULL)",
        );
        none("changes that change nothing", "SELECT count(*) FROM ticket_status_history WHERE from_status = to_status");
        none(
            "last events that are not the claim's status",
            "SELECT count(*) FROM claims c JOIN claim_events e ON e.claim_id = c.id WHERE lower(e.status) <> c.status
                AND NOT EXISTS (SELECT 1 FROM claim_events later WHERE later.claim_id = c.id
                    AND (later.occurred_at > e.occurred_at OR later.occurred_at = e.occurred_at AND later.id > e.id))",
        );
        // A payment has a life cycle of its own.
        assert!(db.number("SELECT count(DISTINCT status) FROM claim_payments") > 1, "{kind:?}");
        assert!(db.number("SELECT count(*) FROM ticket_status_history WHERE from_status IS NULL") > 0, "{kind:?}");
        assert!(db.number("SELECT count(DISTINCT to_status) FROM ticket_status_history") > 3, "{kind:?}");
    }
}
