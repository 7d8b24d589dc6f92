-- The five-table shop of shop.py, as all three servers read it. Plainer than the shop of the tests, whose CHECKs and short unique
-- codes the seeder beside dbmocker cannot fill.
CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, username VARCHAR(60) NOT NULL UNIQUE, email VARCHAR(120) NOT NULL UNIQUE,
    first_name VARCHAR(50) NOT NULL, last_name VARCHAR(50) NOT NULL, age SMALLINT, city VARCHAR(80), country VARCHAR(60),
    status VARCHAR(20) NOT NULL, created_at TIMESTAMP NOT NULL);
CREATE TABLE categories (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(80) NOT NULL, description VARCHAR(1000));
CREATE TABLE products (id INTEGER NOT NULL PRIMARY KEY, category_id INTEGER NOT NULL, name VARCHAR(120) NOT NULL,
    description VARCHAR(1000), price DECIMAL(10, 2) NOT NULL, rating SMALLINT, created_at TIMESTAMP NOT NULL,
    FOREIGN KEY (category_id) REFERENCES categories (id));
CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER NOT NULL, status VARCHAR(20) NOT NULL,
    priority VARCHAR(20) NOT NULL, total DECIMAL(12, 2) NOT NULL, created_at TIMESTAMP NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (id));
CREATE TABLE order_items (id INTEGER NOT NULL PRIMARY KEY, order_id INTEGER NOT NULL, product_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL, unit_price DECIMAL(10, 2) NOT NULL, UNIQUE (order_id, product_id),
    FOREIGN KEY (order_id) REFERENCES orders (id), FOREIGN KEY (product_id) REFERENCES products (id));
CREATE INDEX products_category ON products (category_id);
CREATE INDEX orders_user ON orders (user_id);
CREATE INDEX order_items_product ON order_items (product_id);
