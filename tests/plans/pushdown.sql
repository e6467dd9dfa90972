CREATE TABLE orders (id INT PRIMARY KEY, cust INT, amt DECIMAL(10,2), placed DATE NOT NULL);
CREATE TABLE cust (id INT PRIMARY KEY, name TEXT NOT NULL, land TEXT);
CREATE TABLE log (k BIGINT, v DOUBLE PRECISION);
SELECT c.name, o.amt FROM orders o JOIN cust c ON o.cust = c.id WHERE c.land = 'de' AND o.amt > 100 AND o.placed < DATE '2013-01-01';
