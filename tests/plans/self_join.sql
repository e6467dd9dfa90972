CREATE TABLE orders (id INT PRIMARY KEY, cust INT, amt DECIMAL(10,2), placed DATE NOT NULL);
CREATE TABLE cust (id INT PRIMARY KEY, name TEXT NOT NULL, land TEXT);
CREATE TABLE log (k BIGINT, v DOUBLE PRECISION);
SELECT a.id, b.id FROM orders a JOIN orders b ON a.cust = b.cust AND a.id < b.id;
