-- A shop: customers, their orders, and the order lines.
CREATE TABLE customers (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, email VARCHAR(120) NOT NULL UNIQUE,
    country VARCHAR(2) NOT NULL, created_at TIMESTAMP NOT NULL);
CREATE TABLE products (id INTEGER NOT NULL PRIMARY KEY, sku VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(80) NOT NULL,
    unit_price DECIMAL(8, 2) NOT NULL CHECK (unit_price > 0));
CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, customer_id INTEGER NOT NULL, status VARCHAR(12) NOT NULL, ordered_at TIMESTAMP NOT NULL,
    total DECIMAL(12, 2), line_count INTEGER, FOREIGN KEY (customer_id) REFERENCES customers (id));
CREATE TABLE order_lines (order_id INTEGER NOT NULL, position INTEGER NOT NULL, product_id INTEGER NOT NULL, quantity INTEGER NOT NULL,
    unit_price DECIMAL(8, 2) NOT NULL, amount DECIMAL(12, 2) NOT NULL, PRIMARY KEY (order_id, position),
    FOREIGN KEY (order_id) REFERENCES orders (id), FOREIGN KEY (product_id) REFERENCES products (id));
