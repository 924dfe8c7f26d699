-- A small tea shop, as an application would have grown it: states are numbers, money is DECIMAL, times are UTC.

CREATE TABLE customers (
  id          BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  name        VARCHAR(500) NOT NULL,              -- whatever people typed: quotes, markup, emoji, any script
  email       VARCHAR(255) NOT NULL UNIQUE,
  tier        TINYINT NOT NULL,                   -- 0 standard, 1 gold, 2 VIP
  country     CHAR(2) NOT NULL,
  created_at  DATETIME(6) NOT NULL
) DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE products (
  sku         VARCHAR(20) NOT NULL PRIMARY KEY,
  name        VARCHAR(200) NOT NULL,
  price       DECIMAL(12, 2) NOT NULL             -- in EUR
) DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE orders (
  id          BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  number      VARCHAR(20) NOT NULL UNIQUE,
  customer_id BIGINT UNSIGNED NOT NULL,
  region      VARCHAR(8) NOT NULL,                -- eu, us, jp
  status      TINYINT NOT NULL,                   -- 0 new, 1 paid, 2 packed, 3 shipped, 4 delivered, 5 cancelled, 6 payment failed
  amount      DECIMAL(12, 2) NOT NULL,            -- the sum of its items; whole numbers in JPY
  currency    CHAR(3) NOT NULL,                   -- EUR, USD, JPY
  note        TEXT,                               -- what the customer wrote, or NULL
  created_at  DATETIME(6) NOT NULL,
  updated_at  DATETIME(6) NOT NULL,
  KEY by_customer (customer_id),
  KEY by_update (updated_at, id)
) DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE order_items (
  order_id    BIGINT UNSIGNED NOT NULL,
  line        SMALLINT NOT NULL,
  sku         VARCHAR(20) NOT NULL,
  quantity    INT NOT NULL,
  unit_price  DECIMAL(12, 2) NOT NULL,            -- in the order's currency
  PRIMARY KEY (order_id, line)
) DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE payments (
  id           BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  order_id     BIGINT UNSIGNED NOT NULL,
  status       TINYINT NOT NULL,                  -- 0 pending, 1 captured, 2 declined
  method       VARCHAR(20) NOT NULL,              -- card, bank, konbini
  amount       DECIMAL(12, 2) NOT NULL,
  currency     CHAR(3) NOT NULL,
  decline_code VARCHAR(40),                       -- where declined: insufficient_funds, expired_card, ...
  attempted_at DATETIME(6) NOT NULL,
  KEY by_order (order_id)
) DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE refunds (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id    BIGINT UNSIGNED NOT NULL,
  status      TINYINT NOT NULL,                   -- 0 requested, 1 approved, 2 paid out, 3 refused
  amount      DECIMAL(12, 2) NOT NULL,
  currency    CHAR(3) NOT NULL,
  reason      VARCHAR(200) NOT NULL,
  created_at  DATETIME(6) NOT NULL,
  KEY by_order (order_id)
) DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE stock_levels (
  id          BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  sku         VARCHAR(20) NOT NULL,
  warehouse   VARCHAR(20) NOT NULL,
  on_hand     INT NOT NULL,
  reorder_at  INT NOT NULL,                       -- at or below this somebody should order more
  updated_at  DATETIME(6) NOT NULL,
  UNIQUE KEY by_place (sku, warehouse)
) DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE support_tickets (
  id          BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  customer_id BIGINT UNSIGNED NOT NULL,
  order_id    BIGINT UNSIGNED,                    -- NULL: not about an order
  priority    TINYINT NOT NULL,                   -- 0 low, 1 normal, 2 urgent
  status      TINYINT NOT NULL,                   -- 0 open, 1 waiting, 2 closed
  subject     VARCHAR(300) NOT NULL,
  body        TEXT NOT NULL,
  opened_at   DATETIME(6) NOT NULL,
  KEY by_customer (customer_id)
) DEFAULT CHARACTER SET utf8mb4;
