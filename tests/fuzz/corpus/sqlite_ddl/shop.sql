-- A small shop: five tables in three dependency levels. The same shop as in ../pgsql and ../mysql.

CREATE TABLE users (
    id         INTEGER PRIMARY KEY,
    username   VARCHAR(40)  NOT NULL UNIQUE,
    email      VARCHAR(120) NOT NULL UNIQUE,
    first_name VARCHAR(50)  NOT NULL,
    last_name  VARCHAR(50)  NOT NULL,
    phone      VARCHAR(30),
    age        INTEGER CHECK (age BETWEEN 16 AND 110),
    city       VARCHAR(80),
    country    VARCHAR(60),
    status     VARCHAR(10) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'banned')),
    created_at DATETIME    NOT NULL
);

CREATE TABLE categories (
    id          INTEGER PRIMARY KEY,
    parent_id   INTEGER REFERENCES categories (id),
    name        VARCHAR(80) NOT NULL UNIQUE,
    type        VARCHAR(12) NOT NULL CHECK (type IN ('physical', 'digital', 'service')),
    description TEXT
);

CREATE TABLE products (
    id          INTEGER PRIMARY KEY,
    category_id INTEGER        NOT NULL REFERENCES categories (id),
    sku         VARCHAR(20)    NOT NULL UNIQUE,
    name        VARCHAR(120)   NOT NULL,
    description TEXT,
    price       DECIMAL(10, 2) NOT NULL CHECK (price > 0),
    cost        DECIMAL(10, 2) NOT NULL CHECK (cost >= 0),
    rating      DECIMAL(2, 1) CHECK (rating BETWEEN 1 AND 5),
    in_stock    BOOLEAN        NOT NULL DEFAULT 1,
    created_at  DATETIME       NOT NULL,
    CHECK (cost <= price)
);
CREATE INDEX products_category ON products (category_id);

CREATE TABLE orders (
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER        NOT NULL REFERENCES users (id),
    reference  CHAR(12)       NOT NULL UNIQUE,
    priority   VARCHAR(8)     NOT NULL CHECK (priority IN ('low', 'normal', 'high')),
    status     VARCHAR(10)    NOT NULL CHECK (status IN ('new', 'paid', 'shipped', 'cancelled')),
    total      DECIMAL(12, 2) NOT NULL CHECK (total >= 0),
    ordered_at DATETIME       NOT NULL,
    shipped_at DATETIME,
    CHECK (shipped_at IS NULL OR shipped_at >= ordered_at)
);
CREATE INDEX orders_user ON orders (user_id);

CREATE TABLE order_items (
    id         INTEGER PRIMARY KEY,
    order_id   INTEGER        NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    product_id INTEGER        NOT NULL REFERENCES products (id),
    quantity   INTEGER        NOT NULL CHECK (quantity BETWEEN 1 AND 99),
    unit_price DECIMAL(10, 2) NOT NULL CHECK (unit_price > 0),
    note       VARCHAR(200),
    UNIQUE (order_id, product_id)
);
CREATE INDEX order_items_product ON order_items (product_id);
