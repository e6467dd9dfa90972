//! What plans are rewritten to.

mod common;

use common::{check_optimized, plan, shop};
use deltaq_compiler::rewrite::optimize;

#[test]
fn pushed_filters() {
    check_optimized(
        "SELECT o.id, c.name FROM orders o, customers c WHERE o.cust = c.id AND o.amt > 5 AND c.region = 'EU'",
        "
         Project orders.id, name
           Join on cust = customers.id
             Project id, cust
               Filter (amt > 5)
                 Scan orders
             Project id, name
               Filter (region = 'EU')
                 Scan customers
        ",
    );
    check_optimized(
        "SELECT o.id, name FROM orders o LEFT JOIN customers c ON o.cust = c.id WHERE c.region = 'EU'",
        "
         Project orders.id, name
           Join on cust = customers.id
             Project id, cust
               Scan orders
             Project id, name
               Filter (region = 'EU')
                 Scan customers
        ",
    );
    check_optimized(
        "SELECT o.id, name FROM orders o LEFT JOIN customers c ON o.cust = c.id WHERE c.region IS NULL AND o.id > 1",
        "
         Project orders.id, name
           Filter (region IS NULL)
             Left join on cust = customers.id
               Project id, cust
                 Filter (id > 1)
                   Scan orders
               Scan customers
        ",
    );
    check_optimized(
        "SELECT id FROM orders CROSS JOIN items WHERE id IS NOT DISTINCT FROM qty",
        "
         Project id
           Join on id IS NOT DISTINCT FROM qty
             Project id
               Scan orders
             Project qty
               Scan items
        ",
    );
    check_optimized(
        "SELECT c.name FROM (SELECT cust, SUM(amt) AS s FROM orders GROUP BY cust) t JOIN customers c ON c.id = t.cust WHERE t.cust > 5 AND t.s > 10",
        "
         Project name
           Join on cust = id
             Project cust
               Filter (sum > 10)
                 Aggregate by cust: sum(amt)
                   Filter (cust > 5)
                     Scan orders
             Project id, name
               Scan customers
        ",
    );
    check_optimized(
        "SELECT * FROM (SELECT id FROM orders UNION ALL SELECT order_id FROM items) t WHERE id = 3",
        "
         Union all
           Project id
             Filter (id = 3)
               Scan orders
           Project order_id
             Filter (order_id = 3)
               Scan items
        ",
    );
    check_optimized(
        "SELECT * FROM (SELECT id FROM orders EXCEPT SELECT order_id FROM items) t WHERE id = 3",
        "
         Except all
           Project id
             Filter (id = 3)
               Scan orders
           Distinct
             Project order_id
               Filter (order_id = 3)
                 Scan items
        ",
    );
    check_optimized(
        "SELECT * FROM (SELECT DISTINCT cust FROM orders) t WHERE cust = 3",
        "
         Distinct
           Project cust
             Filter (cust = 3)
               Scan orders
        ",
    );
    check_optimized(
        "SELECT n, id FROM orders, generate_series(1, id) AS n WHERE n > 2 AND id > 5",
        "
         Project n, id
           Filter (n > 2)
             Table function generate_series(1, CAST(id AS BIGINT)) AS n
               Filter (id > 5)
                 Scan orders
        ",
    );
}

#[test]
fn what_may_fail_stays() {
    check_optimized(
        "SELECT * FROM (SELECT id, amt / cust AS r FROM orders) t WHERE r > 1 AND id > 2",
        "
         Filter (r > 1)
           Project id, (amt / CAST(cust AS DECIMAL(10,0))) AS r
             Filter (id > 2)
               Scan orders
        ",
    );
    check_optimized(
        "SELECT o.id FROM orders o, customers c WHERE o.cust = c.id AND 10 / o.id > 2",
        "
         Project orders.id
           Filter ((10 / orders.id) > 2)
             Join on cust = customers.id
               Project id, cust
                 Scan orders
               Project id
                 Scan customers
        ",
    );
}

#[test]
fn numbered_rows() {
    check_optimized(
        "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY cust ORDER BY amt DESC) AS rn FROM orders) t WHERE rn <= 3",
        "
         Project id, cust, amt, day, note, row_number AS rn
           Top 3 of each cust by amt DESC numbered row_number
             Scan orders
        ",
    );
    check_optimized(
        "SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY cust ORDER BY day) AS rn FROM orders) t WHERE rn = 1",
        "
         Project id
           Top 1 of each cust by day
             Project id, cust, day
               Scan orders
        ",
    );
    check_optimized(
        "SELECT id FROM (SELECT id, cust, ROW_NUMBER() OVER (PARTITION BY cust ORDER BY day) AS rn FROM orders) t WHERE rn < 3 AND cust = 7",
        "
         Project id
           Top 2 of each cust by day
             Project id, cust, day
               Filter (cust = 7)
                 Scan orders
        ",
    );
    check_optimized(
        "SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY cust ORDER BY day) AS rn FROM orders) t WHERE rn = 2",
        "
         Project id
           Filter (row_number = 2)
             Top 2 of each cust by day numbered row_number
               Project id, cust, day
                 Scan orders
        ",
    );
}

#[test]
fn pruned_columns() {
    check_optimized(
        "SELECT c.id, c.name, COUNT(*) FROM customers c JOIN orders o ON o.cust = c.id GROUP BY c.id",
        "
         Aggregate by id, name: count(*)
           Join on id = cust
             Project id, name
               Scan customers
             Project cust
               Scan orders
        ",
    );
    check_optimized(
        "SELECT name FROM customers c WHERE c.id > ALL (SELECT cust FROM orders o WHERE o.id = c.id)",
        "
         Project name
           Filter CASE WHEN (coalesce(count$3, 0) = 0) THEN true WHEN (customers.id <= max) THEN false WHEN (coalesce(count$3, 0) > coalesce(count$4, 0)) THEN NULL ELSE (customers.id > max) END
             Left join on customers.id = orders.id
               Project id, name
                 Scan customers
               Aggregate by id: count(*), count(cust), max(cust)
                 Project cust, id
                   Scan orders
        ",
    );
    check_optimized(
        "SELECT s FROM (SELECT cust, SUM(amt) AS s, COUNT(*) AS n FROM orders GROUP BY cust) t",
        "
         Project sum AS s
           Aggregate by cust: sum(amt)
             Scan orders
        ",
    );
    check_optimized(
        "SELECT id FROM orders WHERE cust > 3 OR cust IN (SELECT qty FROM items)",
        "
         Project id
           Cross join where ((cust > 3) OR CASE WHEN (count$2 IS NOT NULL) THEN true WHEN (count$3 = 0) THEN false WHEN ((cust IS NULL) OR (count$3 > count$4)) THEN NULL ELSE false END)
             Project id, cust, count
               Left join on cust = in0
                 Project id, cust
                   Scan orders
                 Aggregate by in0: count(*)
                   Project qty AS in0
                     Scan items
             Aggregate: count(*), count(qty)
               Project qty
                 Scan items
        ",
    );
}

#[test]
fn folded_constants() {
    check_optimized(
        "SELECT id FROM orders WHERE 1 + 1 = 2 AND id > 2 * 3 AND (false OR cust = 1) AND NOT (id < 3)",
        "
         Project id
           Filter ((id > 6) AND (cust = 1) AND (id >= 3))
             Scan orders
        ",
    );
    check_optimized(
        "SELECT 1 / 0, CASE WHEN true THEN id ELSE 1 / 0 END FROM orders WHERE id = 1",
        "
         Project (1 / 0) AS ?column?, id AS case
           Filter (id = 1)
             Scan orders
        ",
    );
    check_optimized(
        "SELECT id FROM orders WHERE false",
        "
         Values of no rows
        ",
    );
    check_optimized(
        "SELECT COALESCE(NULL, cust, 1 + 1, note::int), COALESCE(id, 5), NULL AND cust = 1 FROM orders",
        "
         Project coalesce(cust, 2) AS coalesce, id AS coalesce, (NULL AND (cust = 1)) AS ?column?
           Scan orders
        ",
    );
}

#[test]
fn joins_that_would_multiply() {
    check_optimized(
        "SELECT o.id FROM customers c, items i, orders o WHERE o.cust = c.id AND i.order_id = o.id AND i.qty < c.id",
        "
         Project orders.id
           Join on orders.id = order_id where (qty < customers.id)
             Project customers.id, orders.id
               Join on customers.id = cust
                 Project id
                   Scan customers
                 Project id, cust
                   Scan orders
             Project order_id, qty
               Scan items
        ",
    );
}

#[test]
fn conditions_of_outer_joins() {
    check_optimized(
        "SELECT o.id FROM orders o LEFT JOIN customers c ON o.cust = c.id AND c.region = 'EU' AND o.id > 3",
        "
         Project orders.id
           Left join on cust = customers.id where (orders.id > 3)
             Project id, cust
               Scan orders
             Project id
               Filter (region = 'EU')
                 Scan customers
        ",
    );
}

#[test]
fn texts_written_after_groups() {
    check_optimized(
        "SELECT kind, date_format(at, 'yyyy-MM-dd'), max(date_format(at, 'HH:mm')), count(DISTINCT to_char(at, 'YYYYMMDD')), min(n) FROM events GROUP BY 1, 2",
        "
         Project kind, date_format(CAST(key1 AS TIMESTAMP), 'yyyy-MM-dd') AS date_format, date_format(max, 'HH:mm') AS max, count, min
           Aggregate by kind, date_format_key(at, 'yyyy-MM-dd'): max(date_format_key(at, 'HH:mm')), count(DISTINCT to_char_key(at, 'YYYYMMDD')), min(n)
             Scan events
        ",
    );
    check_optimized(
        "SELECT id::text, day::text, min(id::text), count(*) FROM orders GROUP BY 1, 2 HAVING id::text < '5' AND count(*) > 1",
        "
         Project CAST(key0 AS TEXT) AS id, CAST(key1 AS TEXT) AS day, min, count
           Filter (count > 1)
             Aggregate by id, day: min(CAST(id AS TEXT)), count(*)
               Filter (CAST(id AS TEXT) < '5')
                 Scan orders
        ",
    );
    // Texts of two values that are alike, and what is no text of one value.
    for same in [
        "SELECT date_format(at, 'yyyy-MM'), count(*) FROM events GROUP BY 1",
        "SELECT date_format(at, 'yyyyMd'), count(*) FROM events GROUP BY 1",
        "SELECT date_format(at, kind), count(*) FROM events GROUP BY 1",
        "SELECT n::double precision::text, min(date_format(at, 'yyyy-MM-dd')) FROM events GROUP BY 1",
    ] {
        let plan = optimize(plan(same, &shop()), &shop()).to_string();
        assert!(!plan.contains("_key(") && !plan.contains("CAST(key"), "{plan}");
    }
}

/// The first rows of partitions of `from`: of the columns that `of` says, what `read` names.
fn first(read: &str, of: &str, partition: &str, from: &str, condition: &str) -> String {
    format!(
        "SELECT {read} FROM (SELECT {of}, ROW_NUMBER() OVER (PARTITION BY {partition}) AS n FROM {from}) t WHERE {condition}"
    )
}

const PLACED: &str = "customers c JOIN orders o ON o.cust = c.id";

#[test]
fn what_a_partition_determines_is_fetched_late() {
    let pairs = format!("(SELECT c.id, c.name, upper(c.region) AS region, o.id AS placed, o.amt FROM {PLACED}) j");
    check_optimized(
        &first("*", "j.*", "id ORDER BY amt DESC, name, placed", &pairs, "n <= 1"),
        "
         Project customers.id$0 AS id, name, upper(region) AS region, placed, amt, row_number AS n
           Join on customers.id$0 = customers.id$4
             Top 1 of each id by amt DESC, placed numbered row_number
               Project customers.id, orders.id AS placed, amt
                 Join on customers.id = cust
                   Scan customers
                   Project id, cust, amt
                     Scan orders
             Scan customers
        ",
    );
    // By the other side's column, and something else; a filter above the join and one above the top-k.
    check_optimized(
        &first(
            "name, region, placed, n",
            "c.*, o.id AS placed, o.amt",
            "o.cust, o.day ORDER BY amt",
            &format!("{PLACED} WHERE o.note < c.name AND 1 / o.id > 0"),
            "n = 2",
        ),
        "
         Project name, region, orders.id AS placed, row_number AS n
           Filter (row_number = 2)
             Project NULL AS id, name, region, orders.id, cust, amt, day, row_number
               Join on cust = customers.id
                 Top 2 of each cust, day by amt numbered row_number
                   Project orders.id, cust, amt, day
                     Filter ((1 / orders.id) > 0)
                       Join on customers.id = cust where (note < name)
                         Scan customers
                         Scan orders
                 Scan customers
        ",
    );
    // A view with a key, which may be NULL.
    check_optimized(
        &first(
            "*",
            "v.*, o.amt",
            "v.cust ORDER BY amt",
            "(SELECT cust, MIN(note) AS least, MAX(note) AS most FROM orders GROUP BY cust) v JOIN orders o ON o.cust IS NOT DISTINCT FROM v.cust",
            "n <= 1",
        ),
        "
         Project orders.cust$0 AS cust, least, most, amt, row_number AS n
           Join on orders.cust$0 IS NOT DISTINCT FROM orders.cust$3
             Top 1 of each cust by amt numbered row_number
               Project orders.cust$0 AS cust, amt
                 Join on orders.cust$0 IS NOT DISTINCT FROM orders.cust$3
                   Project cust, min AS least, max AS most
                     Aggregate by cust: min(note), max(note)
                       Scan orders
                   Project cust, amt
                     Scan orders
             Project cust, min AS least, max AS most
               Aggregate by cust: min(note), max(note)
                 Scan orders
        ",
    );
}

#[test]
fn what_a_partition_determines_is_left_out_where_nobody_reads_it() {
    check_optimized(
        &first("id, placed", "c.*, o.id AS placed, o.amt", "c.id ORDER BY amt DESC", PLACED, "n <= 3"),
        "
         Project customers.id, orders.id AS placed
           Top 3 of each customers.id by amt DESC
             Project customers.id, orders.id, amt
               Join on customers.id = cust
                 Project id
                   Scan customers
                 Project id, cust, amt
                   Scan orders
        ",
    );
}

#[test]
fn what_is_not_determined_or_may_fail_is_carried() {
    // What may fail meets all rows, before the top-k.
    let pairs = format!("(SELECT c.id, c.name, c.region, 1 / c.id AS part, o.amt FROM {PLACED}) j");
    check_optimized(
        &first("*", "j.*", "id ORDER BY 1 / length(region), amt", &pairs, "n <= 1"),
        "
         Project customers.id$0 AS id, name, customers.region$1 AS region, part, amt, row_number AS n
           Join on customers.id$0 = customers.id$5
             Top 1 of each id by (1 / length(region)), amt numbered row_number
               Project id, region, (1 / id) AS part, amt
                 Join on id = cust
                   Scan customers
                   Project cust, amt
                     Scan orders
             Scan customers
        ",
    );
    for carried in [
        // Not a key; a key of the other side alone; a partition of several.
        first("*", "c.*, o.amt", "c.name ORDER BY amt", PLACED, "n <= 1"),
        first("*", "c.*, o.amt", "o.id ORDER BY amt", PLACED, "n <= 1"),
        first("*", "c.*, o.amt", "c.id + 1 ORDER BY amt", PLACED, "n <= 1"),
        // Matched by what is computed of the key.
        first("*", "c.*, o.amt", "c.id ORDER BY amt", "customers c JOIN orders o ON o.cust = c.id + 1", "n <= 1"),
        // Rows without partner.
        first("*", "c.*, o.amt", "c.id ORDER BY amt", "customers c LEFT JOIN orders o ON o.cust = c.id", "n <= 1"),
        first("*", "c.*, o.amt", "o.cust ORDER BY amt", "orders o LEFT JOIN customers c ON o.cust = c.id", "n <= 1"),
        // Too little would be saved: a few bytes, or of rows that mostly pass.
        first(
            "*",
            "o.id, o.cust, o.day, i.sku",
            "o.id ORDER BY qty",
            "items i JOIN orders o ON i.order_id = o.id",
            "n <= 1",
        ),
        first("*", "c.id, c.name, o.*", "c.id ORDER BY amt", PLACED, "n <= 100"),
        first("*", "c.id, c.name, o.*", "c.id ORDER BY amt", PLACED, "n > 100"),
    ] {
        let plan = optimize(plan(&carried, &shop()), &shop()).to_string();
        assert_eq!(plan.matches("oin on").count(), 1, "{carried}\n{plan}");
    }
}
