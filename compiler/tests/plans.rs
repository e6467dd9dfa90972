//! What queries are bound to.

mod common;

use common::check;

#[test]
fn select_lists() {
    check(
        "SELECT 1 AS one, 'x' AS x",
        "
         Project 1 AS one, 'x' AS x
           Values ()
        ",
    );
    check(
        "SELECT o.*, amt * 2 AS twice FROM orders o WHERE cust = 1 AND note LIKE 'a%'",
        "
         Project id, cust, amt, day, note, (amt * 2) AS twice
           Filter ((cust = 1) AND (note LIKE 'a%'))
             Scan orders
        ",
    );
    check(
        "SELECT `id`, ID FROM Orders",
        "
         Project id, id
           Scan orders
        ",
    );
    check(
        "SELECT CASE cust WHEN 1 THEN 'one' ELSE 'many' END, CAST(cust AS text), amt::int, -5, - cust, NOT cust = 1, cust BETWEEN 1 AND 5, note IS NULL FROM orders",
        "
         Project CASE WHEN (cust = 1) THEN 'one' ELSE 'many' END AS case, CAST(cust AS TEXT) AS cust, CAST(amt AS INT) AS amt, -5 AS ?column?, (- cust) AS ?column?, (NOT (cust = 1)) AS ?column?, (cust BETWEEN 1 AND 5) AS ?column?, (note IS NULL) AS ?column?
           Scan orders
        ",
    );
    check(
        "SELECT EXTRACT(YEAR FROM day), SUBSTRING(note FROM 2 FOR 3), TRIM(BOTH 'x' FROM note), POSITION('a' IN note), OVERLAY(note PLACING 'b' FROM 1 FOR 1), CEIL(amt), FLOOR(at TO DAY), at AT TIME ZONE 'UTC' FROM orders, events",
        "
         Project extract('year', day) AS extract, substring(note, 2, 3) AS substring, btrim(note, 'x') AS btrim, position('a', note) AS position, overlay(note, 'b', 1, 1) AS overlay, ceil(amt) AS ceil, date_trunc('day', at) AS floor, CAST(at AS TIMESTAMPTZ) AS timezone
           Cross join
             Scan orders
             Scan events
        ",
    );
    check(
        "SELECT (1,2) = (3,4), (id, cust) IN ((1,2),(3,4)), (id, cust) < (3, 4) FROM orders",
        "
         Project ((1 = 3) AND (2 = 4)) AS ?column?, (((id = 1) AND (cust = 2)) OR ((id = 3) AND (cust = 4))) AS ?column?, ((id < 3) OR ((id = 3) AND (cust < 4))) AS ?column?
           Scan orders
        ",
    );
    check(
        "SELECT INTERVAL '1 day', INTERVAL '5' SECOND, INTERVAL '1-2' YEAR TO MONTH, INTERVAL 3 DAY, DATE '2013-01-01', 1.5, 1e3, 3000000000",
        "
         Project INTERVAL '1 day' AS interval, INTERVAL '00:00:05' AS interval, INTERVAL '1 year 2 mons' AS interval, INTERVAL '3 days' AS interval, DATE '2013-01-01' AS date, 1.5 AS ?column?, 1000 AS ?column?, 3000000000 AS ?column?
           Values ()
        ",
    );
}

#[test]
fn tables_alone() {
    check(
        "TABLE orders",
        "
         Project id, cust, amt, day, note
           Scan orders
        ",
    );
}

#[test]
fn groups() {
    check(
        "SELECT cust, SUM(amt) AS s, COUNT(*) FROM orders GROUP BY cust HAVING SUM(amt) > 10",
        "
         Project cust, sum AS s, count
           Filter (sum > 10)
             Aggregate by cust: sum(amt), count(*)
               Scan orders
        ",
    );
    check(
        "SELECT cust AS c, COUNT(DISTINCT note), AVG(amt) FILTER (WHERE amt > 1) FROM orders GROUP BY c",
        "
         Project cust AS c, count, avg
           Aggregate by cust: count(DISTINCT note), avg(amt) FILTER (WHERE (amt > 1))
             Scan orders
        ",
    );
    check(
        "SELECT cust + 1, MIN(day) FROM orders GROUP BY 1 ORDER BY 2 DESC, cust + 1",
        "
         Project key0 AS ?column?, min
           Aggregate by (cust + 1): min(day)
             Scan orders
        ",
    );
    check(
        "SELECT COUNT(*), COUNT(cust), COUNT(id), SUM(1) FROM orders",
        "
         Project count$0 AS count, count$1 AS count, count$0 AS count, sum
           Aggregate: count(*), count(cust), sum(1)
             Scan orders
        ",
    );
    check(
        "SELECT cust, count(*) FROM orders GROUP BY cust ORDER BY count(*) DESC, max(day) LIMIT 3",
        "
         Project cust, count, max AS order2
           Aggregate by cust: count(*), max(day)
             Scan orders
        ",
    );
    check(
        "SELECT c.id, c.name, COUNT(*) FROM customers c JOIN orders o ON o.cust = c.id GROUP BY c.id",
        "
         Project id, name, count
           Aggregate by customers.id, name: count(*)
             Join on customers.id = cust
               Scan customers
               Scan orders
        ",
    );
    check(
        "SELECT count(*) FROM orders HAVING count(*) > 3",
        "
         Project count
           Filter (count > 3)
             Aggregate: count(*)
               Scan orders
        ",
    );
}

#[test]
fn joins() {
    check(
        "SELECT o.id, c.name FROM orders o JOIN customers c ON o.cust = c.id AND o.amt > 5",
        "
         Project orders.id, name
           Join on cust = customers.id where (amt > 5)
             Scan orders
             Scan customers
        ",
    );
    check(
        "SELECT id, region FROM orders FULL JOIN customers USING (id)",
        "
         Project coalesce(orders.id, customers.id) AS id, region
           Full join on orders.id = customers.id
             Scan orders
             Scan customers
        ",
    );
    check(
        "SELECT id, region FROM orders RIGHT JOIN customers USING (id)",
        "
         Project customers.id, region
           Right join on orders.id = customers.id
             Scan orders
             Scan customers
        ",
    );
    check(
        "SELECT * FROM orders NATURAL JOIN customers",
        "
         Project orders.id, cust, amt, day, note, name, region
           Join on orders.id = customers.id
             Scan orders
             Scan customers
        ",
    );
    check(
        "SELECT n, id FROM orders, generate_series(1, id) AS n",
        "
         Project n, id
           Table function generate_series(1, CAST(id AS BIGINT)) AS n
             Scan orders
        ",
    );
    check(
        "SELECT n FROM generate_series(1, 10) AS g(n)",
        "
         Project n
           Table function generate_series(1, 10) AS n
             Values ()
        ",
    );
    check(
        "SELECT c.name, e.id FROM customers c, LATERAL (SELECT id FROM orders o WHERE o.cust = c.id ORDER BY amt DESC LIMIT 2) AS e",
        "
         Project name, orders.id
           Join on customers.id = cust
             Scan customers
             Top 2 of each cust by order1 DESC
               Project id, amt AS order1, cust
                 Scan orders
        ",
    );
    check(
        "SELECT c.name, e.n FROM customers c LEFT JOIN LATERAL (SELECT COUNT(*) AS n FROM orders o WHERE o.cust = c.id) AS e ON true",
        "
         Project name, coalesce(count, 0) AS n
           Left join on id = cust
             Scan customers
             Aggregate by cust: count(*)
               Scan orders
        ",
    );
}

#[test]
fn subqueries_as_conditions() {
    check(
        "SELECT o.id FROM orders o WHERE EXISTS (SELECT 1 FROM items i WHERE i.order_id = o.id AND i.qty > 1)",
        "
         Project id
           Semi join on id = order_id
             Scan orders
             Project order_id
               Filter (qty > 1)
                 Scan items
        ",
    );
    check(
        "SELECT o.id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM items i WHERE i.order_id = o.id AND i.qty > o.cust)",
        "
         Project id
           Anti join on id = order_id where (qty > cust)
             Scan orders
             Project order_id, qty
               Scan items
        ",
    );
    check(
        "SELECT id FROM orders WHERE cust IN (SELECT id FROM customers)",
        "
         Project id
           Semi join on cust = customers.id
             Scan orders
             Project id
               Scan customers
        ",
    );
    check(
        "SELECT id FROM orders WHERE cust NOT IN (SELECT id FROM customers WHERE region = 'EU')",
        "
         Project id
           Anti join on cust = customers.id
             Anti join on (cust IS NULL) = true
               Scan orders
               Project id
                 Filter (region = 'EU')
                   Scan customers
             Project id
               Filter (region = 'EU')
                 Scan customers
        ",
    );
    check(
        "SELECT order_id FROM items WHERE order_id NOT IN (SELECT id FROM customers)",
        "
         Project order_id
           Anti join on order_id = id
             Scan items
             Project id
               Scan customers
        ",
    );
    check(
        "SELECT id FROM orders WHERE (id, cust) IN (SELECT order_id, qty FROM items)",
        "
         Project id
           Semi join on id = order_id and cust = qty
             Scan orders
             Project order_id, qty
               Scan items
        ",
    );
    check(
        "SELECT id FROM orders WHERE cust > 3 OR cust IN (SELECT qty FROM items)",
        "
         Project id
           Project id, cust, amt, day, note
             Filter ((cust > 3) OR CASE WHEN (count$6 IS NOT NULL) THEN true WHEN (count$7 = 0) THEN false WHEN ((cust IS NULL) OR (count$7 > count$8)) THEN NULL ELSE false END)
               Cross join
                 Left join on cust = in0
                   Scan orders
                   Aggregate by in0: count(*)
                     Project qty, qty AS in0
                       Project qty
                         Scan items
                 Aggregate: count(*), count(qty)
                   Project qty
                     Scan items
        ",
    );
    check(
        "SELECT name FROM customers c WHERE c.id > ALL (SELECT cust FROM orders o WHERE o.id = c.id)",
        "
         Project name
           Project customers.id, name, region
             Filter CASE WHEN (coalesce(count$4, 0) = 0) THEN true WHEN (NOT (customers.id > max)) THEN false WHEN (coalesce(count$4, 0) > coalesce(count$5, 0)) THEN NULL ELSE (customers.id > max) END
               Left join on customers.id = orders.id
                 Scan customers
                 Aggregate by id: count(*), count(cust), max(cust)
                   Project cust, id
                     Scan orders
        ",
    );
}

#[test]
fn subqueries_as_values() {
    check(
        "SELECT id, (SELECT COUNT(*) FROM items i WHERE i.order_id = o.id) AS n FROM orders o",
        "
         Project id, coalesce(count, 0) AS n
           Left join on id = order_id
             Scan orders
             Aggregate by order_id: count(*)
               Scan items
        ",
    );
    check(
        "SELECT id, (SELECT SUM(qty) + 1 FROM items i WHERE i.order_id = o.id) AS n FROM orders o",
        "
         Project id, (sum + 1) AS n
           Left join on id = order_id
             Scan orders
             Aggregate by order_id: sum(qty)
               Scan items
        ",
    );
    check(
        "SELECT id, (SELECT name FROM customers c WHERE c.id = o.cust) FROM orders o",
        "
         Project orders.id, name
           Left join on cust = customers.id
             Scan orders
             Project name, id
               Scan customers
        ",
    );
    check(
        "SELECT id, (SELECT sku FROM items i WHERE i.order_id = o.id) FROM orders o",
        "
         Project id, only_row(min, count) AS sku
           Left join on id = order_id
             Scan orders
             Aggregate by order_id: min(sku), count(*)
               Project sku, order_id
                 Scan items
        ",
    );
    check(
        "SELECT id, (SELECT sku FROM items i WHERE i.order_id = o.id ORDER BY qty DESC LIMIT 1) FROM orders o",
        "
         Project id, sku
           Left join on id = order_id
             Scan orders
             Top 1 of each order_id by order1 DESC
               Project sku, qty AS order1, order_id
                 Scan items
        ",
    );
    check(
        "SELECT (SELECT name FROM customers WHERE id = 3)",
        "
         Project name
           Left join
             Values ()
             Project name
               Filter (id = 3)
                 Scan customers
        ",
    );
    check(
        "SELECT cust, SUM(amt) FROM orders GROUP BY cust HAVING SUM(amt) > (SELECT AVG(amt) FROM orders)",
        "
         Project cust, sum
           Project cust, sum
             Filter (sum > avg)
               Cross join
                 Aggregate by cust: sum(amt)
                   Scan orders
                 Project avg
                   Aggregate: avg(amt)
                     Scan orders
        ",
    );
}

#[test]
fn sets_and_values() {
    check(
        "SELECT id FROM orders UNION SELECT order_id FROM items EXCEPT SELECT 5",
        "
         Except all
           Distinct
             Union all
               Project id
                 Scan orders
               Project order_id
                 Scan items
           Project 5 AS ?column?
             Values ()
        ",
    );
    check(
        "SELECT id, amt FROM orders UNION ALL SELECT order_id, price FROM items UNION ALL SELECT 1, NULL",
        "
         Union all
           Project id, CAST(amt AS DOUBLE) AS amt
             Scan orders
           Project order_id, price
             Scan items
           Project 1 AS ?column?, NULL AS ?column?
             Values ()
        ",
    );
    check(
        "SELECT id FROM orders INTERSECT ALL SELECT order_id FROM items",
        "
         Intersect all
           Project id
             Scan orders
           Project order_id
             Scan items
        ",
    );
    check(
        "SELECT day FROM orders UNION SELECT '2013-01-01'",
        "
         Distinct
           Union all
             Project day
               Scan orders
             Project DATE '2013-01-01' AS ?column?
               Values ()
        ",
    );
    check(
        "WITH a AS (SELECT cust, amt FROM orders), b(x) AS (SELECT cust FROM a) SELECT x, amt FROM a JOIN b ON x = cust",
        "
         Project orders.cust$2 AS x, amt
           Join on orders.cust$0 = orders.cust$2
             Project cust, amt
               Scan orders
             Project cust
               Project cust, amt
                 Scan orders
        ",
    );
    check(
        "VALUES (1, 'a'), (2, NULL) ORDER BY column1 DESC",
        "
         Values (1, 'a'), (2, NULL)
        ",
    );
}

#[test]
fn first_rows() {
    check(
        "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY cust ORDER BY amt DESC) AS rn FROM orders) t WHERE rn <= 3",
        "
         Project id, cust, amt, day, note, rn
           Filter (rn <= 3)
             Project id, cust, amt, day, note, row_number AS rn
               All rows of each cust by amt DESC numbered row_number
                 Project id, cust, amt, day, note
                   Scan orders
        ",
    );
    check(
        "SELECT DISTINCT ON (cust) cust, amt FROM orders ORDER BY cust, amt DESC",
        "
         Top 1 of each cust by cust, amt DESC
           Project cust, amt
             Scan orders
        ",
    );
    check(
        "SELECT DISTINCT cust FROM orders",
        "
         Distinct
           Project cust
             Scan orders
        ",
    );
    check(
        "SELECT DISTINCT id FROM orders",
        "
         Project id
           Scan orders
        ",
    );
    check(
        "SELECT * FROM (SELECT cust FROM orders ORDER BY amt LIMIT 3 OFFSET 1) t",
        "
         Project cust
           Project cust
             Top 3 after 1 by order1
               Project cust, amt AS order1
                 Scan orders
        ",
    );
}

#[test]
fn subqueries_that_aggregate() {
    check(
        "SELECT id, (SELECT MAX(qty) FROM items i WHERE i.order_id = o.id LIMIT 1) FROM orders o",
        "
         Project id, max
           Left join on id = order_id
             Scan orders
             Aggregate by order_id: max(qty)
               Scan items
        ",
    );
    check(
        "SELECT id FROM orders o WHERE NOT EXISTS (SELECT COUNT(*) FROM items i WHERE i.order_id = o.id HAVING COUNT(*) < 3)",
        "
         Project id
           Project id, cust, amt, day, note
             Filter (CASE WHEN (coalesce(count, 0) < 3) THEN true ELSE NULL END IS NOT TRUE)
               Left join on id = order_id
                 Scan orders
                 Aggregate by order_id: count(*)
                   Scan items
        ",
    );
    check(
        "SELECT id FROM orders o WHERE amt = (SELECT MAX(amt) FROM orders p WHERE p.cust = o.cust)",
        "
         Project id
           Project id, orders.cust$1 AS cust, amt, day, note
             Filter (amt = max)
               Left join on orders.cust$1 = orders.cust$5
                 Scan orders
                 Aggregate by cust: max(amt)
                   Scan orders
        ",
    );
}

#[test]
fn row_numbers_in_correlated_subqueries_keep_what_the_join_reads() {
    check(
        "SELECT o.id FROM orders o WHERE EXISTS
           (SELECT ROW_NUMBER() OVER (ORDER BY i.sku) FROM items i WHERE i.order_id = o.id AND i.qty > o.cust)",
        "
         Project id
           Semi join on id = order_id where (qty > cust)
             Scan orders
             Project order_id, qty
               All rows of each order_id by sku numbered row_number
                 Project order_id, sku, qty
                   Scan items
        ",
    );
}

#[test]
fn aggregates_of_what_compares_otherwise() {
    check(
        "SELECT id, (SELECT COUNT(*) FROM items i WHERE i.qty > o.cust) FROM orders o",
        "
         Project id, coalesce(count, 0) AS count
           Left join on cust IS NOT DISTINCT FROM key0
             Scan orders
             Aggregate by around0: count(*)
               Cross join where (qty > around0)
                 Scan items
                 Distinct
                   Project cust AS around0
                     Scan orders
        ",
    );
}
