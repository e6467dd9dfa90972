CREATE TABLE orders (id INT PRIMARY KEY, cust INT, amt DECIMAL(10,2), placed DATE NOT NULL);
CREATE TABLE cust (id INT PRIMARY KEY, name TEXT NOT NULL, land TEXT);
CREATE VIEW spend AS SELECT cust, SUM(amt) AS total FROM orders GROUP BY cust;
-- mistakes
SELECT nme FROM cust

SELECT c.name, o.amout
FROM cust c
JOIN orders o ON o.cust = c.id

SELECT * FROM order

SELECT * FROM custs

SELECT id FROM orders JOIN cust ON orders.cust = cust.id

SELECT name || amt + 'x' FROM orders, cust

SELECT SUM(name) FROM cust

SELECT lenght(name) FROM cust

SELECT name, COUNT(*) FROM cust

SELECT land FROM cust WHERE COUNT(*) > 1 GROUP BY land

SELECT * FROM orders WHERE amt

SELECT * FROM orders WHERE placed > 'yesterdayish'

SELECT id FROM orders ORDER BY 3

SELECT id, FROM orders

SELECT (1 + 2 FROM orders

SELECT 'open FROM orders

INSERT INTO orders (id, cust) VALUES (1, 2, 3)

INSERT INTO orders (id, custo) VALUES (1, 2)

INSERT INTO orders (id) VALUES (1)

UPDATE orders SET amt = 'many'

DELETE FROM spend

DROP TABLE orders

DROP VIEW orders

CREATE TABLE cust (x INT)

CREATE TABLE t (a INT, a TEXT)

CREATE TABLE t (a NUMBRE)

CREATE VIEW v AS SELECT id, id FROM orders

SELECT id FROM orders UNION SELECT name FROM cust

SELECT id FROM orders UNION SELECT id, name FROM cust

SELECT CAST(placed AS INT) FROM orders

SELECT CAST('twelve' AS INT)

SELECT 1 / 0

SELECT * FROM cust WHERE id IN (SELECT id, name FROM cust)

SELECT * FROM cust WHERE id = (SELECT id, name FROM cust)

SELECT misspelled, also_wrong, id FROM orders WHERE neither = 1

SELECT x.id FROM orders o

SELECT a.id FROM orders a JOIN orders a ON TRUE

SELECT DISTINCT name FROM cust ORDER BY land

SELECT name FROM cust LIMIT -1

GRANT ALL ON cust TO bob

SELECT id FROM orders WHERE id = = 1

BEGIN; BEGIN

COMMIT

SELECT 99999999999999999999999999999999999999999

SELECT 2147483647 + 1 + id FROM orders WHERE TRUE AND

SELECT CASE WHEN id > 1 THEN 'a' ELSE 2 END FROM orders

SELECT MAX(DISTINCT) FROM orders

SELECT name FROM cust GROUP BY land

SELEC id FROM orders

SELECT id FORM orders

SELECT id FROM orders WEHRE id > 1

SELECT name FROM cust WHERE name = "Ada"

SELECT amt * 2 AS twice FROM orders WHERE twice > 10

SELECT id AS n FROM orders ORDER BY n + 1

SELECT x FROM orders

SELECT * FROM orders WHERE cust < 'a' || 1

SELECT * FROM cust WHERE name < 5

CREATE TABLE spans (i INTERVAL PRIMARY KEY)

SELECT 1 << 2::BIGINT

SELECT BIT_AND(name) FROM cust

SELECT 'a' 'b'

SELECT amt, FROM orders WHERE id = 1

SELECT name FROM cust GRUOP BY name

SELECT 1e-400


UPDATE cust SET name = o.amt, land = 'x' FROM orders AS o WHERE o.cust = cust.id AND o.amt > 5

UPDATE cust SET (name, land) = (SELECT id, amt FROM orders WHERE cust = 1)

UPDATE cust SET name = 'a' RETURNING id

DELETE FROM cust USING orders WHERE orders.cust = cust.id

DELETE FROM cust WHERE id IN (SELECT id FROM cust LIMIT 5) LIMIT 1

INSERT INTO cust VALUES (1, 'a', 'b') RETURNING id

TRUNCATE TABLE cust, orders

CREATE TABLE copied AS SELECT * FROM cust

CREATE TABLE twice (a INT, b INT, A TEXT)

SELECT random() FROM orders

SELECT substr(name) FROM cust

SELECT * FROM read_csv('orders.csv')

COPY orders TO STDOUT

WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r

ANALYZE

SET search_path = 'a'

PREPARE q AS SELECT 1

CREATE SCHEMA s

CALL p()

SHOW timezone
