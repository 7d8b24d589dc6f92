-- A bank: accounts, bookings, and the balance that is their sum.
CREATE TABLE owners (id INTEGER NOT NULL PRIMARY KEY, full_name VARCHAR(80) NOT NULL, email VARCHAR(120) NOT NULL UNIQUE);
CREATE TABLE accounts (id INTEGER NOT NULL PRIMARY KEY, owner_id INTEGER NOT NULL, number VARCHAR(20) NOT NULL UNIQUE, currency VARCHAR(3) NOT NULL,
    balance DECIMAL(14, 2), owner_name VARCHAR(80), FOREIGN KEY (owner_id) REFERENCES owners (id));
CREATE TABLE bookings (id INTEGER NOT NULL PRIMARY KEY, account_id INTEGER NOT NULL, booked_at TIMESTAMP NOT NULL, amount DECIMAL(12, 2) NOT NULL,
    text VARCHAR(140), FOREIGN KEY (account_id) REFERENCES accounts (id));
