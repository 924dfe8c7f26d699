-- The account with which the notifier reads, for MariaDB. mysql.sql is the same for MySQL.
--
-- Run it once on the primary, as an account that may create others; replicas take it over. It is written for the sample
-- shop: put your own schema, tables and columns in its place. Choose a password, and keep it in Secrets Manager alone.
-- What it allows and refuses was tried on MariaDB 10.11.

-- The notifier reads a schema of views: what is in no view it cannot show, whatever a template asks for. Here it never
-- sees an email address. Databases then names this schema: default=mysql://<host>:3306/notifier
CREATE SCHEMA notifier;

-- A view reads with the rights of the account that creates it, so that account has to stay.
CREATE SQL SECURITY DEFINER VIEW notifier.orders AS
  SELECT id, number, customer_id, region, status, amount, currency, created_at, updated_at FROM shop.orders;

CREATE SQL SECURITY DEFINER VIEW notifier.customers AS
  SELECT id, name, tier, country FROM shop.customers;

-- '%' is any address. Better name the function's subnets, such as '10.64.0.%'.
-- MAX_USER_CONNECTIONS: twice the parameter MaximumConcurrency, since old and new copies run during a deployment.
-- MAX_STATEMENT_TIME, in seconds, is where each session of this account starts; the notifier's sessions set their own,
-- which is the same. A session may change it, but a template cannot: only SELECTs come through.
-- For IAM database authentication write, instead of IDENTIFIED BY: IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS'
CREATE USER 'notifier'@'%' IDENTIFIED BY 'choose one'
  REQUIRE SSL
  WITH MAX_USER_CONNECTIONS 20 MAX_STATEMENT_TIME 3;

-- SELECT by name and nothing else: no FILE, no EXECUTE, no temporary tables. Not `notifier`.*, which would be each view
-- that anybody adds there.
GRANT SELECT ON notifier.orders TO 'notifier'@'%';
GRANT SELECT ON notifier.customers TO 'notifier'@'%';

-- Where a view is too much, columns do, in the table's own schema: FROM shop.products.
GRANT SELECT (sku, name) ON shop.products TO 'notifier'@'%';

-- Whether the replica follows its primary at all, for rows that are not there yet (docs/delivery.md), on request:
-- GRANT REPLICA MONITOR ON *.* TO 'notifier'@'%';
