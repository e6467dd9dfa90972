CREATE TABLE orders (id INT PRIMARY KEY, cust INT, amt DECIMAL(10,2), placed DATE NOT NULL);
CREATE TABLE cust (id INT PRIMARY KEY, name TEXT NOT NULL, land TEXT);
CREATE TABLE log (k BIGINT, v DOUBLE PRECISION);
SELECT land, SUM(amt) AS total, AVG(amt) AS mean, COUNT(DISTINCT cust) AS people, MAX(amt) FILTER (WHERE placed > DATE '2013-01-01') AS late FROM orders JOIN cust ON cust.id = orders.cust GROUP BY land HAVING SUM(amt) > 0;
