//! Amounts with two sides, balances and counters, read back from the database.

use crate::program::dbmocker;
use crate::servers::{KINDS, Kind, database};

const BOOKS: &str = "
    CREATE TABLE owners (id INTEGER PRIMARY KEY, full_name VARCHAR(80) NOT NULL, created_at TIMESTAMP NOT NULL);
    CREATE TABLE journal_entries (id INTEGER PRIMARY KEY, entry_date DATE NOT NULL, total_debit DECIMAL(14, 2) NOT NULL);
    CREATE TABLE journal_lines (id INTEGER PRIMARY KEY, journal_entry_id INTEGER NOT NULL, line_no INTEGER NOT NULL,
        debit DECIMAL(12, 2) NOT NULL DEFAULT 0, credit DECIMAL(12, 2) NOT NULL DEFAULT 0,
        CHECK (debit >= 0 AND credit >= 0), CHECK ((debit > 0 AND credit = 0) OR (debit = 0 AND credit > 0)),
        UNIQUE (journal_entry_id, line_no), FOREIGN KEY (journal_entry_id) REFERENCES journal_entries (id));
    CREATE TABLE accounts (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL, current_balance DECIMAL(12, 2) NOT NULL,
        opened_at TIMESTAMP NOT NULL, FOREIGN KEY (owner_id) REFERENCES owners (id));
    CREATE TABLE account_transactions (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL, type VARCHAR(20) NOT NULL
        CHECK (type IN ('deposit', 'withdrawal', 'transfer_in', 'transfer_out')), amount DECIMAL(12, 2) NOT NULL
        CHECK (amount >= 5), balance_after DECIMAL(12, 2) NOT NULL, booked_at TIMESTAMP NOT NULL,
        FOREIGN KEY (account_id) REFERENCES accounts (id));
    CREATE TABLE wallets (id INTEGER PRIMARY KEY, label VARCHAR(40) NOT NULL);
    CREATE TABLE wallet_entries (id INTEGER PRIMARY KEY, wallet_id INTEGER NOT NULL, debit INTEGER NOT NULL DEFAULT 0,
        credit INTEGER NOT NULL DEFAULT 0, balance INTEGER NOT NULL,
        CHECK ((debit > 0 AND credit = 0) OR (debit = 0 AND credit > 0)), FOREIGN KEY (wallet_id) REFERENCES wallets (id));
    CREATE TABLE meters (id INTEGER PRIMARY KEY, serial_number VARCHAR(20) NOT NULL, installed_at TIMESTAMP NOT NULL);
    CREATE TABLE meter_readings (id INTEGER PRIMARY KEY, meter_id INTEGER NOT NULL, read_at TIMESTAMP NOT NULL,
        previous_reading DECIMAL(12, 1) NOT NULL, current_reading DECIMAL(12, 1) NOT NULL, consumption DECIMAL(12, 1) NOT NULL,
        FOREIGN KEY (meter_id) REFERENCES meters (id));
    CREATE TABLE vehicles (id INTEGER PRIMARY KEY, plate VARCHAR(12) NOT NULL, odometer INTEGER NOT NULL);
    CREATE TABLE vehicle_trips (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL, vehicle_id INTEGER NOT NULL,
        start_odometer INTEGER NOT NULL, end_odometer INTEGER NOT NULL, distance_km INTEGER NOT NULL,
        started_at TIMESTAMP NOT NULL, FOREIGN KEY (owner_id) REFERENCES owners (id),
        FOREIGN KEY (vehicle_id) REFERENCES vehicles (id));";

#[test]
fn debits_equal_credits_balances_and_counters_go_on() {
    for kind in KINDS {
        let db = database(kind, BOOKS);
        dbmocker([
            "load",
            "--url",
            &db.url,
            "--rows",
            "accounts=60,wallets=60,meters=40,vehicles=50,journal_entries=500,*=1500",
        ])
        .ok();
        let none = |what: &str, query: &str| assert_eq!(db.number(query), 0, "{kind:?}: {what}");
        none(
            "entries whose sides differ, or with one line",
            "SELECT count(*) FROM (SELECT journal_entry_id FROM journal_lines GROUP BY journal_entry_id
                HAVING abs(sum(debit) - sum(credit)) > 0.001 OR count(*) < 2) AS x",
        );
        none(
            "totals that are not those of the lines",
            "SELECT count(*) FROM journal_entries e WHERE abs(total_debit - (SELECT coalesce(sum(debit), 0)
                FROM journal_lines l WHERE l.journal_entry_id = e.id)) > 0.001 AND EXISTS (SELECT 1 FROM journal_lines l
                WHERE l.journal_entry_id = e.id)",
        );
        let change = "CASE WHEN type IN ('deposit', 'transfer_in') THEN amount ELSE -amount END";
        none(
            "balances that do not follow the one before",
            &format!(
                "SELECT count(*) FROM (SELECT balance_after, {change} AS changed, lag(balance_after)
                    OVER (PARTITION BY account_id ORDER BY booked_at, id) AS previous FROM account_transactions) AS x
                    WHERE abs(balance_after - coalesce(previous, 0) - changed) > 0.001"
            ),
        );
        none(
            "accounts whose balance is not the last",
            "SELECT count(*) FROM accounts a WHERE abs(current_balance - coalesce((SELECT balance_after FROM account_transactions t
                WHERE t.account_id = a.id ORDER BY booked_at DESC, id DESC LIMIT 1), 0)) > 0.001",
        );
        none(
            "readings that do not follow the one before",
            "SELECT count(*) FROM (SELECT previous_reading, lag(current_reading) OVER (PARTITION BY meter_id ORDER BY read_at, id)
                AS last FROM meter_readings) AS x WHERE abs(previous_reading - last) > 0.01",
        );
        none(
            "consumptions that are no difference",
            "SELECT count(*) FROM meter_readings WHERE abs(current_reading - previous_reading - consumption) > 0.01
                OR current_reading < previous_reading",
        );
        none(
            "trips that do not begin where the vehicle's one before ended",
            "SELECT count(*) FROM (SELECT start_odometer, lag(end_odometer) OVER (PARTITION BY vehicle_id
                ORDER BY started_at, id) AS last FROM vehicle_trips) AS x WHERE start_odometer <> last",
        );
        none("amounts of neither side", "SELECT count(*) FROM wallet_entries WHERE debit = 0 AND credit = 0");
        assert!(db.number("SELECT count(*) FROM wallet_entries WHERE debit > 0") > 300, "{kind:?}");
        assert!(db.number("SELECT count(DISTINCT type) FROM account_transactions") == 4, "{kind:?}");
    }
}

const SALES: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, order_count INTEGER NOT NULL, total_spent DECIMAL(12, 2) NOT NULL);
    CREATE TABLE addresses (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, type VARCHAR(10) NOT NULL
        CHECK (type IN ('billing', 'shipping')), FOREIGN KEY (customer_id) REFERENCES customers (id));
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, shipping_address_id INTEGER NOT NULL,
        total DECIMAL(10, 2) NOT NULL, FOREIGN KEY (customer_id) REFERENCES customers (id),
        FOREIGN KEY (shipping_address_id) REFERENCES addresses (id));
    CREATE TABLE products (id INTEGER PRIMARY KEY, name VARCHAR(60) NOT NULL, favorite_count INTEGER NOT NULL);
    CREATE TABLE favorites (customer_id INTEGER NOT NULL, product_id INTEGER NOT NULL, PRIMARY KEY (customer_id, product_id),
        FOREIGN KEY (customer_id) REFERENCES customers (id), FOREIGN KEY (product_id) REFERENCES products (id));";

#[test]
fn rows_whose_key_follows_another_one_are_counted() {
    for kind in KINDS {
        let db = database(kind, SALES);
        dbmocker(["load", "--url", &db.url, "--rows", "600"]).ok();
        for (what, query) in [
            (
                "orders to an address of another customer, or of another type",
                "SELECT count(*) FROM orders o JOIN addresses a ON a.id = o.shipping_address_id
                    WHERE a.customer_id <> o.customer_id OR a.type <> 'shipping'",
            ),
            (
                "customers with another number of orders",
                "SELECT count(*) FROM customers c WHERE order_count <> (SELECT count(*) FROM orders o WHERE o.customer_id = c.id)",
            ),
            (
                "customers who spent another sum",
                "SELECT count(*) FROM customers c WHERE abs(total_spent - (SELECT coalesce(sum(total), 0) FROM orders o
                    WHERE o.customer_id = c.id)) > 0.001",
            ),
            (
                "products with another number of favorites",
                "SELECT count(*) FROM products p WHERE favorite_count <> (SELECT count(*) FROM favorites f
                    WHERE f.product_id = p.id)",
            ),
        ] {
            assert_eq!(db.number(query), 0, "{kind:?}: {what}");
        }
    }
}

const PARTS: &str = "
    CREATE TABLE projects (id INTEGER PRIMARY KEY, title VARCHAR(80) NOT NULL, start_date DATE NOT NULL,
        end_date DATE NOT NULL, created_at TIMESTAMP NOT NULL, CHECK (end_date >= start_date));
    CREATE TABLE project_phases (id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL, start_date DATE NOT NULL,
        end_date DATE NOT NULL, CHECK (end_date >= start_date), FOREIGN KEY (project_id) REFERENCES projects (id));
    CREATE TABLE orders (id INTEGER PRIMARY KEY, status VARCHAR(12) NOT NULL
        CHECK (status IN ('pending', 'processing', 'shipped', 'delivered', 'cancelled')), created_at TIMESTAMP NOT NULL);
    CREATE TABLE order_items (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, status VARCHAR(12) NOT NULL
        CHECK (status IN ('pending', 'packed', 'shipped', 'delivered', 'returned', 'cancelled')),
        FOREIGN KEY (order_id) REFERENCES orders (id));
    CREATE TABLE stock_movements (id INTEGER PRIMARY KEY, movement_type VARCHAR(12) NOT NULL
        CHECK (movement_type IN ('receipt', 'sale', 'adjustment')), quantity INTEGER NOT NULL CHECK (quantity <> 0));
    CREATE TABLE invoices (id INTEGER PRIMARY KEY, status VARCHAR(12) NOT NULL
        CHECK (status IN ('draft', 'open', 'partial', 'paid', 'void')), total DECIMAL(10, 2) NOT NULL,
        amount_paid DECIMAL(10, 2) NOT NULL);
    CREATE TABLE payments (id INTEGER PRIMARY KEY, invoice_id INTEGER NOT NULL, amount DECIMAL(10, 2) NOT NULL
        CHECK (amount > 0), FOREIGN KEY (invoice_id) REFERENCES invoices (id));
    CREATE TABLE employees (id INTEGER PRIMARY KEY, full_name VARCHAR(60) NOT NULL, hired_on DATE NOT NULL);
    CREATE TABLE timesheets (id INTEGER PRIMARY KEY, employee_id INTEGER NOT NULL, week_start DATE NOT NULL,
        week_end DATE NOT NULL, CHECK (week_end > week_start), UNIQUE (employee_id, week_start),
        FOREIGN KEY (employee_id) REFERENCES employees (id));";

#[test]
fn parts_agree_with_the_row_that_they_belong_to() {
    for kind in KINDS {
        let db = database(kind, PARTS);
        dbmocker(["load", "--url", &db.url, "--rows", "500"]).ok();
        let days = match kind {
            Kind::Postgres => "week_end - week_start",
            Kind::MariaDb => "datediff(week_end, week_start)",
            Kind::Sqlite => "julianday(week_end) - julianday(week_start)",
        };
        for (what, query) in [
            (
                "phases outside of their project",
                "SELECT count(*) FROM project_phases c JOIN projects p ON p.id = c.project_id
                    WHERE c.start_date < p.start_date OR c.end_date > p.end_date",
            ),
            (
                "items of a cancelled order that are not cancelled",
                "SELECT count(*) FROM order_items i JOIN orders o ON o.id = i.order_id
                    WHERE o.status = 'cancelled' AND i.status <> 'cancelled'",
            ),
            (
                "movements with the wrong sign",
                "SELECT count(*) FROM stock_movements WHERE movement_type = 'receipt' AND quantity < 0
                    OR movement_type = 'sale' AND quantity > 0",
            ),
            (
                "invoices with payments of another sum",
                "SELECT count(*) FROM invoices i WHERE abs(amount_paid - (SELECT sum(amount) FROM payments p
                    WHERE p.invoice_id = i.id)) > 0.001",
            ),
            ("weeks of another length", &format!("SELECT count(*) FROM timesheets WHERE {days} <> 6")),
        ] {
            assert_eq!(db.number(query), 0, "{kind:?}: {what}");
        }
        assert!(db.number("SELECT count(*) FROM stock_movements WHERE quantity < 0") > 50, "{kind:?}");
        assert!(db.number("SELECT count(DISTINCT status) FROM order_items") > 3, "{kind:?}");
    }
}
