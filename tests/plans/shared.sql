CREATE TABLE orders (id INT PRIMARY KEY, cust INT, amt DECIMAL(10,2), placed DATE NOT NULL);
CREATE TABLE cust (id INT PRIMARY KEY, name TEXT NOT NULL, land TEXT);
CREATE TABLE log (k BIGINT, v DOUBLE PRECISION);
WITH big AS (SELECT cust, SUM(amt) AS s FROM orders GROUP BY cust) SELECT a.cust, b.cust FROM big a JOIN big b ON a.s = b.s AND a.cust <> b.cust;
