-- A small shop: five tables in three dependency levels. The same shop as in ../sqlite and ../pgsql.

CREATE TABLE users (
    id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    username   VARCHAR(40)  NOT NULL UNIQUE,
    email      VARCHAR(120) NOT NULL UNIQUE,
    first_name VARCHAR(50)  NOT NULL,
    last_name  VARCHAR(50)  NOT NULL,
    phone      VARCHAR(30),
    age        TINYINT UNSIGNED CHECK (age BETWEEN 16 AND 110),
    city       VARCHAR(80),
    country    VARCHAR(60),
    status     ENUM ('active', 'inactive', 'banned') NOT NULL DEFAULT 'active',
    created_at TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE categories (
    id          INT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
    parent_id   INT,
    name        VARCHAR(80) NOT NULL UNIQUE,
    type        VARCHAR(12) NOT NULL CHECK (type IN ('physical', 'digital', 'service')),
    description TEXT,
    FOREIGN KEY (parent_id) REFERENCES categories (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE products (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    category_id INT            NOT NULL,
    sku         VARCHAR(20)    NOT NULL UNIQUE,
    name        VARCHAR(120)   NOT NULL,
    description TEXT,
    price       DECIMAL(10, 2) NOT NULL CHECK (price > 0),
    cost        DECIMAL(10, 2) NOT NULL CHECK (cost >= 0),
    rating      DECIMAL(2, 1) CHECK (rating BETWEEN 1 AND 5),
    in_stock    TINYINT(1)     NOT NULL DEFAULT 1,
    attributes  JSON,
    created_at  DATETIME       NOT NULL,
    CHECK (cost <= price),
    FOREIGN KEY (category_id) REFERENCES categories (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE orders (
    id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id    BIGINT UNSIGNED NOT NULL,
    reference  CHAR(12)       NOT NULL UNIQUE,
    priority   VARCHAR(8)     NOT NULL CHECK (priority IN ('low', 'normal', 'high')),
    status     VARCHAR(10)    NOT NULL CHECK (status IN ('new', 'paid', 'shipped', 'cancelled')),
    total      DECIMAL(12, 2) NOT NULL CHECK (total >= 0),
    ordered_at DATETIME       NOT NULL,
    shipped_at DATETIME,
    CHECK (shipped_at IS NULL OR shipped_at >= ordered_at),
    FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE order_items (
    id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id   BIGINT UNSIGNED NOT NULL,
    product_id BIGINT UNSIGNED NOT NULL,
    quantity   INT            NOT NULL CHECK (quantity BETWEEN 1 AND 99),
    unit_price DECIMAL(10, 2) NOT NULL CHECK (unit_price > 0),
    note       VARCHAR(200),
    UNIQUE (order_id, product_id),
    FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
    FOREIGN KEY (product_id) REFERENCES products (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
