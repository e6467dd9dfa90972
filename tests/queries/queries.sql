-- Queries of all kinds, and functions.
CREATE TABLE a (k INT, v TEXT, n DECIMAL(10,2), d DATE)
CREATE TABLE b (k INT, w TEXT, f DOUBLE PRECISION)
INSERT INTO a VALUES (1, 'one', 1.5, '2013-01-01'), (2, 'two', 2.5, '2013-01-02'), (2, 'zwei', NULL, NULL), (NULL, 'none', 0, '2013-01-03'), (3, NULL, -1, '2012-02-29')
INSERT INTO b VALUES (2, 'b2', 0.5), (2, 'b2x', 1.5), (3, NULL, NULL), (NULL, 'bn', 2.5), (5, 'b5', -1)
SELECT * FROM a JOIN b ON a.k = b.k
SELECT * FROM a LEFT JOIN b ON a.k = b.k
SELECT * FROM a RIGHT JOIN b ON a.k = b.k
SELECT * FROM a FULL JOIN b ON a.k = b.k
SELECT * FROM a JOIN b USING (k)
SELECT * FROM a FULL JOIN b USING (k)
SELECT k, a.k, b.k FROM a FULL JOIN b USING (k)
SELECT * FROM a NATURAL JOIN b
SELECT * FROM a NATURAL LEFT JOIN b
SELECT * FROM a CROSS JOIN b WHERE a.k < b.k
SELECT a.k, b.k FROM a LEFT JOIN b ON a.k = b.k AND b.f > 1
SELECT a.k, b.k FROM a LEFT JOIN b ON a.k = b.k WHERE b.f > 1 OR b.f IS NULL
SELECT a.k, b.k FROM a LEFT JOIN b ON a.k < b.k
SELECT a.k, b.k FROM a LEFT JOIN b ON a.k IS NOT DISTINCT FROM b.k
SELECT a.k, b.k FROM a JOIN b ON true WHERE a.k = b.k AND a.n > b.f
SELECT a.k FROM a JOIN b ON a.k = b.f
SELECT COUNT(*) FROM a, b, a AS c WHERE a.k = b.k AND b.k = c.k
SELECT * FROM a LEFT JOIN (b JOIN a AS c ON b.k = c.k) ON a.k = c.k
SELECT a.* FROM a WHERE k IN (SELECT k FROM b)
SELECT a.* FROM a WHERE k NOT IN (SELECT k FROM b)
SELECT a.* FROM a WHERE k NOT IN (SELECT k FROM b WHERE k IS NOT NULL)
SELECT a.* FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k)
SELECT a.* FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.k = a.k)
SELECT a.* FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.k > a.k)
SELECT a.k, (SELECT MAX(f) FROM b WHERE b.k = a.k) FROM a
SELECT a.k, (SELECT COUNT(*) FROM b WHERE b.k = a.k) FROM a
SELECT a.k, (SELECT w FROM b WHERE b.k = a.k) FROM a WHERE a.k = 3
SELECT (SELECT w FROM b WHERE b.k = 2)
SELECT (SELECT w FROM b WHERE b.k = 77)
SELECT a.k FROM a WHERE (a.k, a.v) IN (SELECT k, v FROM a WHERE k > 1)
SELECT a.k FROM a WHERE (a.k, 'b2') IN (SELECT k, w FROM b)
SELECT a.k FROM a WHERE a.k = ANY (SELECT k FROM b)
SELECT a.k FROM a WHERE a.k > ALL (SELECT k FROM b WHERE k < 3)
SELECT a.k FROM a WHERE a.k > ALL (SELECT k FROM b)
SELECT a.k FROM a WHERE a.k <> ALL (SELECT k FROM b)
SELECT a.k FROM a WHERE a.k <= ANY (SELECT k FROM b)
SELECT k FROM a UNION SELECT k FROM b
SELECT k FROM a UNION ALL SELECT k FROM b
SELECT k FROM a EXCEPT SELECT k FROM b
SELECT k FROM a EXCEPT ALL SELECT k FROM b
SELECT k FROM a INTERSECT SELECT k FROM b
SELECT k FROM a INTERSECT ALL SELECT k FROM b
SELECT k FROM a UNION SELECT f FROM b
SELECT k, v FROM a UNION SELECT k FROM b
SELECT k FROM a UNION SELECT w FROM b
SELECT k FROM a UNION SELECT '7'
SELECT k FROM a UNION SELECT 'x'
SELECT NULL UNION SELECT 1
SELECT '1' UNION SELECT 2
SELECT k FROM a UNION SELECT k FROM b INTERSECT SELECT 2
(SELECT k FROM a ORDER BY k LIMIT 1) UNION ALL (SELECT k FROM b ORDER BY k DESC NULLS LAST LIMIT 1)
SELECT DISTINCT ON (k) k, v FROM a ORDER BY k, v
SELECT DISTINCT ON (k) k, v FROM a ORDER BY k, v DESC
SELECT DISTINCT ON (k) k, v FROM a ORDER BY v
SELECT DISTINCT k FROM a ORDER BY k LIMIT 2
SELECT k FROM a ORDER BY k NULLS FIRST LIMIT 2
SELECT k FROM a ORDER BY k DESC LIMIT 2
SELECT k FROM a ORDER BY k DESC NULLS LAST LIMIT 2 OFFSET 1
SELECT k FROM a ORDER BY 1 LIMIT 0
SELECT k FROM a ORDER BY 2
SELECT k AS x FROM a ORDER BY x + 1
SELECT k AS x FROM a ORDER BY x LIMIT 2
SELECT k FROM a LIMIT -1
SELECT k FROM a LIMIT NULL
SELECT k FROM a ORDER BY k LIMIT 1.5
SELECT k FROM a ORDER BY k OFFSET 3
SELECT k FROM a ORDER BY k FETCH FIRST 2 ROWS ONLY
SELECT k, COUNT(*) FROM a GROUP BY k
SELECT k + 1, COUNT(*) FROM a GROUP BY k + 1
SELECT k + 1 FROM a GROUP BY k
SELECT k FROM a GROUP BY k + 1
SELECT k % 2 AS m, SUM(n) FROM a GROUP BY m
SELECT k, SUM(n) FROM a GROUP BY 1
SELECT k, SUM(n) FROM a GROUP BY 2
SELECT k, SUM(n) FROM a GROUP BY 3
SELECT k, SUM(n) FROM a GROUP BY ROLLUP (k)
SELECT k, v, SUM(n) FROM a GROUP BY ROLLUP (k, v)
SELECT k, v, SUM(n) FROM a GROUP BY CUBE (k, v)
SELECT k, v, SUM(n), GROUPING(k), GROUPING(k, v) FROM a GROUP BY GROUPING SETS ((k), (v), ())
SELECT k, COUNT(*) FROM a GROUP BY GROUPING SETS (k, ())
SELECT k, v, COUNT(*) FROM a GROUP BY k, ROLLUP (v)
SELECT COUNT(*) FROM a GROUP BY ()
SELECT k FROM a HAVING COUNT(*) > 1
SELECT k FROM a GROUP BY k HAVING COUNT(*) > 1
SELECT COUNT(*) FROM a HAVING false
SELECT 1 FROM a HAVING true
SELECT SUM(n) FILTER (WHERE k > 1), COUNT(DISTINCT k), AVG(n) FROM a
SELECT SUM(k), SUM(n), AVG(k), AVG(n), MIN(d), MAX(v) FROM a
SELECT SUM(f), AVG(f) FROM b
SELECT MAX(k) + COUNT(*) FROM a
SELECT v FROM a WHERE SUM(k) > 1
SELECT COUNT(k), COUNT(*), COUNT(NULL), COUNT(1) FROM a
VALUES (1, 'x'), (2, NULL)
VALUES (1), (2.5), (NULL)
VALUES (1), ('x')
VALUES (1, 2), (3)
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(x, y) WHERE x > 1
SELECT column1, column2 FROM (VALUES (1, 'a')) AS t
WITH q AS (SELECT k FROM a) SELECT * FROM q JOIN q AS r ON q.k = r.k
WITH q(x) AS (SELECT k FROM a), r AS (SELECT x + 1 AS y FROM q) SELECT * FROM r
WITH q AS (VALUES (1), (2)) SELECT * FROM q
SELECT x FROM (SELECT k AS x FROM a) AS s WHERE x IS NOT NULL
SELECT * FROM a, LATERAL (SELECT b.w FROM b WHERE b.k = a.k) AS l
SELECT * FROM a LEFT JOIN LATERAL (SELECT b.w FROM b WHERE b.k = a.k) AS l ON true
SELECT a.k, l.c FROM a CROSS JOIN LATERAL (SELECT COUNT(*) AS c FROM b WHERE b.k = a.k) AS l
SELECT k, v, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) FROM a
SELECT CASE k WHEN 1 THEN 'x' WHEN 2 THEN 'y' END FROM a
SELECT CASE WHEN k > 1 THEN n ELSE k END FROM a
SELECT CASE WHEN k > 1 THEN 'x' ELSE n END FROM a
SELECT k FROM a WHERE k <> 0 AND 10 / k > 3
SELECT COALESCE(v, 'z'), NULLIF(k, 2), GREATEST(k, n, 2), LEAST(k, n) FROM a
SELECT k IS NULL, k IS NOT NULL, v = 'one', NOT (v = 'one') FROM a
SELECT k BETWEEN 1 AND 2, k NOT BETWEEN 2 AND 3, k BETWEEN SYMMETRIC 3 AND 1 FROM a
SELECT k NOT BETWEEN SYMMETRIC 3 AND 2, 5 BETWEEN SYMMETRIC NULL AND 1, 5 BETWEEN ASYMMETRIC 1 AND 9 FROM a
SELECT (k, v) = (1, 'one'), (k, v) < (2, 'two'), (k, n) >= (2, 2.5), (k, v) IS DISTINCT FROM (2, 'two') FROM a
SELECT ROW(k, v) = ROW(1, 'one') FROM a
SELECT (1, 2, 3) < (1, NULL, 4), (1, 2, 3) < (2, NULL, 4), (1, NULL) = (2, 3), (1, NULL) = (1, 3)
SELECT (1, NULL) IS NULL, (NULL, NULL) IS NULL, (1, 2) IS NOT NULL
SELECT 1 = 1.0, 1 = '1', 1.0 = '1', 'a' = 'a ', 1 < 2.5::float8
SELECT 1 = 'x'
SELECT 'a' || 1, 1 || 'a', 'a' || NULL, 'a' || true, 1 || 2
SELECT v LIKE 'o%', v ILIKE 'O%', v NOT LIKE '%o', v LIKE '_wo', v LIKE NULL FROM a
SELECT 'a%b' LIKE 'a\%b', 'a%b' LIKE 'a!%b' ESCAPE '!', 'ab' LIKE 'a!%b' ESCAPE '!', 'a\b' LIKE 'a\\b', 'a\b' LIKE 'a\b' ESCAPE ''
SELECT 'abc' LIKE 'a' ESCAPE 'xx'
SELECT 'abc' SIMILAR TO 'abc', 'abc' SIMILAR TO 'a', 'abc' SIMILAR TO '%(b|d)%', 'abc' SIMILAR TO '(b|c)%', 'abc' SIMILAR TO 'a[a-c]c', 'a.c' SIMILAR TO 'a.c', 'abc' SIMILAR TO 'a.c', 'aaa' SIMILAR TO 'a{3}', 'aa' SIMILAR TO 'a{3,}', 'ab' SIMILAR TO 'a+b?c*'
SELECT 'abc' NOT SIMILAR TO 'a%', 'a%' SIMILAR TO 'a#%' ESCAPE '#', NULL SIMILAR TO 'a'
SELECT 'abc' ~ 'b', 'abc' ~ '^b', 'ABC' ~* 'b', 'abc' !~ 'b', 'abc' !~* 'B', 'abc' ~ NULL
SELECT 'abc' ~ '('
SELECT 'foo bar' ~ '\mbar\M', 'foobar' ~ '\mbar', 'a1' ~ '^\w\d$', E'a\nb' ~ 'a.b', E'a\nb' ~ '^b'
SELECT overlay('Txxxxas' PLACING 'hom' FROM 2 FOR 4), overlay('abc' PLACING 'X' FROM 2), position('' IN 'abc'), strpos('abc', 'd')
SELECT format('Hello %s', 'World'), format('%s %s', 1, NULL), format('%I', 'a b'), format('%L', 'O''Reilly'), format('%2$s %1$s', 'a', 'b'), format('%5s|%-5s|', 'a', 'b'), format('%%'), format('%L', NULL), format('%*s', 5, 'a'), format('%-*s|', 5, 'a'), format('%1$s %s', 'x', 'y'), format('%I', 'abc'), format('%I', 'Abc'), format('%s', true)
SELECT format('%I', NULL)
SELECT format('%s')
SELECT format('%x', 1)
SELECT format('%3$s', 1)
SELECT format('%')
SELECT format(NULL, 1), format('abc')
SELECT quote_ident('a b'), quote_ident('abc'), quote_ident('Abc'), quote_ident('select'), quote_literal('O''R'), quote_literal('a\b'), quote_literal(42), quote_nullable(NULL), quote_nullable('a')
SELECT to_number('12,454.8-', '99G999D9S'), to_number('-12.5', 'S99D9'), to_number('1,234', '9,999'), to_number('$12', 'L99'), to_number('  12', '99'), to_number('12.34', '99'), to_number('1e5', '9'), to_number('<12>', '99PR'), to_number('abc12', '999'), to_number('0.5', '9.9')
SELECT to_number('', '99')
SELECT to_char(NULL::int, '999'), to_char(123456789012, '999')
SELECT to_date('2013-02-30', 'YYYY-MM-DD')
SELECT to_date('x', 'YYYY')
SELECT date_bin('15 minutes', TIMESTAMP '2020-02-11 15:44:17', TIMESTAMP '2001-01-01'), date_bin('1 day', TIMESTAMP '1999-12-31 15:44:17', TIMESTAMP '2001-01-01 12:00'), date_bin('15 min', TIMESTAMPTZ '2020-02-11 15:44:17+00', TIMESTAMPTZ '2001-01-01 00:00+00')
SELECT date_bin('1 month', TIMESTAMP '2020-02-11', TIMESTAMP '2001-01-01')
SELECT date_bin('0', TIMESTAMP '2020-02-11', TIMESTAMP '2001-01-01')
SELECT make_interval(1, 2, 3, 4, 5, 6, 7.5), make_interval(1), make_interval(0, 0, 0, 1), make_interval(days => 10), make_interval(hours => 1, secs => 2.5)
SELECT make_timestamptz(2013, 7, 15, 8, 15, 23.5), make_timestamptz(2013, 7, 15, 8, 15, 23.5, 'UTC'), make_date(-44, 3, 15), make_date(0, 1, 1)
SELECT make_date(-44, 3, 15)
SELECT (DATE '2001-02-16', DATE '2001-12-21') OVERLAPS (DATE '2001-10-30', DATE '2002-10-30'), (DATE '2001-02-16', INTERVAL '100 days') OVERLAPS (DATE '2001-10-30', DATE '2002-10-30'), (DATE '2001-10-29', DATE '2001-10-30') OVERLAPS (DATE '2001-10-30', DATE '2001-10-31'), (DATE '2001-10-30', DATE '2001-10-30') OVERLAPS (DATE '2001-10-30', DATE '2001-10-31')
SELECT (TIME '10:00', TIME '11:00') OVERLAPS (TIME '10:30', TIME '12:00'), (TIMESTAMP '2013-01-01', NULL) OVERLAPS (TIMESTAMP '2013-01-01', TIMESTAMP '2013-01-02'), (NULL, TIMESTAMP '2013-01-01') OVERLAPS (TIMESTAMP '2013-01-02', NULL)
SELECT width_bucket(5.35, 0.024, 10.06, 5), width_bucket(5, 10, 0, 5), width_bucket(10, 10, 0, 5), width_bucket(-1.0::float8, 0, 10, 5), width_bucket(11, 0, 10, 5)
SELECT width_bucket(1, 1, 1, 5)
SELECT width_bucket(1, 0, 1, 0)
SELECT num_nulls(1, NULL), num_nonnulls(NULL, NULL), GREATEST(1, NULL, 3), LEAST(NULL, NULL), GREATEST('a', 'b')
SELECT isfinite(DATE '2013-01-01'), isfinite(INTERVAL '1 day'), justify_interval(INTERVAL '1 mon -1 hour')
SELECT TIMESTAMP '2001-02-16 20:38:40' AT TIME ZONE 'UTC', TIMESTAMPTZ '2001-02-16 20:38:40+00' AT TIME ZONE 'UTC', timezone('UTC', TIMESTAMP '2001-02-16 20:38:40')
SELECT TIMESTAMP '2001-02-16 20:38:40' AT TIME ZONE 'America/Denver', TIMESTAMPTZ '2001-02-16 20:38:40+00' AT TIME ZONE 'America/Denver'
SELECT TIMESTAMP '2013-03-31 02:30' AT TIME ZONE 'Europe/Berlin', TIMESTAMP '2013-10-27 02:30' AT TIME ZONE 'Europe/Berlin', TIMESTAMPTZ '2013-10-27 00:30+00' AT TIME ZONE 'Europe/Berlin', TIMESTAMPTZ '2013-10-27 01:30+00' AT TIME ZONE 'Europe/Berlin'
SELECT TIMESTAMP '2013-03-31 02:30' AT TIME ZONE 'Mars/Phobos'
SELECT TIMESTAMP '2013-03-31 02:30' AT TIME ZONE INTERVAL '2 hours', TIMESTAMP '2013-03-31 02:30' AT TIME ZONE '+02', TIMESTAMP '2013-03-31 02:30' AT TIME ZONE 'EST', TIMESTAMP '2013-03-31 02:30' AT TIME ZONE 'UTC+3'
SELECT date_trunc('day', TIMESTAMPTZ '2001-02-16 20:38:40+00', 'Australia/Sydney'), date_trunc('hour', TIMESTAMPTZ '2001-02-16 20:38:40+00', 'UTC')
SELECT ascii('x'), ascii(''), ascii('ä'), chr(65), chr(228), btrim('xyxtrimyyx', 'xyz'), initcap('hi THOMAS'), left('abcde', 2), left('abcde', -2), right('abcde', 2), right('abcde', -2), lpad('hi', 5, 'xy'), lpad('hi', 1), lpad('hi', -1), rpad('hi', 5, ''), ltrim('zzzytest', 'xyz'), repeat('Pg', 4), replace('abcdefabcdef', 'cd', 'XX'), reverse('abcde'), split_part('abc~@~def~@~ghi', '~@~', 2), split_part('abc,def', ',', -1), starts_with('alphabet', 'alph'), to_hex(2147483647), to_hex(-1), translate('12345', '143', 'ax')
SELECT chr(0)
SELECT split_part('a,b', ',', 0)
SELECT length('äöü'), octet_length('äöü'), bit_length('a'), char_length('abc'), length('\xff00'::bytea), lower('ÄB'), upper('äß')
SELECT concat('a', NULL, 1, true, 1.50), concat_ws(',', 'a', NULL, 'b'), concat_ws(NULL, 'a'), concat()
SELECT md5('abc'), sha256('abc'::bytea), encode(sha224('abc'), 'hex'), encode('abc'::bytea, 'base64'), decode('YWJj', 'base64'), encode('\x00ff'::bytea, 'escape'), crc32('abc'::bytea)
SELECT convert_from('\x61'::bytea, 'UTF8'), convert_to('ä', 'UTF8')
SELECT factorial(-1)
SELECT factorial(20), factorial(0)
SELECT acosd(0.5), asind(0.5), atand(1), atan2d(1, 0), cosd(60), cotd(45), sind(30), tand(45), asinh(1), acosh(1), atanh(0.5), sinh(1), cosh(0), tanh(1)
SELECT erf(1.0), erfc(1.0)
SELECT power(2.0, 0.5), power(2, -1), 2 ^ 0.5, sqrt(2.25), exp(2), ln(10), round(2.5::float8), round(3.5::float8), round(-2.5), round(2.675, 2), round(0.5), round(1.5::float8), trunc(2.7::float8)
SELECT 2147483647 + 1
SELECT 2147483647 * 2
SELECT 9223372036854775807 + 1
SELECT 9223372036854775808
SELECT -9223372036854775808
SELECT - 2147483648
SELECT 1::smallint + 32767::smallint
SELECT 32767::smallint + 1
SELECT -(-32768)::smallint
SELECT abs(-2147483648)
SELECT 1 / 0
SELECT 1.0 / 0
SELECT 1 % 0
SELECT 1e0::float8 / 0
SELECT 0x1F, 0b101, 0o17, 1_000
SELECT 1 & 3, 1 | 2, 1 # 3, ~1, 1 << 3, -8 >> 1, 5 & 3::bigint, 1 << 40
SELECT true AND NULL, false AND NULL, true OR NULL, NOT NULL, true = 1
SELECT true > false, true AND 'f', 'yes'::boolean
SELECT NULL = NULL, NULL <> 1, NULL IS NULL, NULL || 'a', NULL + 1, NULL AND false
SELECT 'abc' < 'abd', 'a' < 'B', 'Z' < 'a', '' < 'a', 'ä' > 'z'
SELECT 'it''s', E'a\tb', E'\x41\u00e4', U&'\0061', $$dollar$$, 'a' 'b'
SELECT "k" FROM a
SELECT K FROM A WHERE V = 'one'
SELECT "K" FROM a
SELECT x.k FROM a
SELECT k FROM a, b
SELECT nosuch(1)
SELECT k FROM nosuch
SELECT abs('x')
SELECT abs('-5'), upper(5), length(5)
SELECT lower(NULL), abs(NULL), NULL::int + 1
SELECT k FROM a WHERE v
SELECT k FROM a WHERE 'true'
SELECT k FROM a WHERE NULL
SELECT k AS a, v AS a FROM a
SELECT a.k k FROM a a
SELECT count(*) c, 1 AS "Weird Name" FROM a
SELECT DISTINCT k, v FROM a ORDER BY n
SELECT *, k + 1 FROM a
SELECT a.*, b.* FROM a, b WHERE a.k = b.k
SELECT nullif(1, 'x')
SELECT nullif(1, 2.5), nullif(1, 1.0), nullif(NULL, 1), coalesce(NULL, 1, 2.5)
SELECT coalesce(1, 'x')
SELECT coalesce(1, '2')
SELECT coalesce(NULL, NULL)
SELECT 1 WHERE 1 IN (1, 2, NULL), 2
SELECT 3 IN (1, 2, NULL), 1 IN (1, NULL), 3 NOT IN (1, 2), 3 NOT IN (1, NULL), NULL IN (1), 1 IN (1.0, 2.5), 'a' IN ('a', 'b'), 1 IN ('1', '2')
SELECT 1 IN ('x')
SELECT 1 IN (SELECT 1.0), 1 IN (SELECT NULL::int), NULL IN (SELECT 1 WHERE false)
SELECT EXISTS (SELECT 1 WHERE false), EXISTS (SELECT NULL), NOT EXISTS (SELECT 1)
SELECT 1 = ANY (ARRAY[1, 2])
SELECT SUM(x) FROM generate_series(1, 10) AS g(x)
SELECT x FROM generate_series(10, 1, -3) AS x
SELECT DATE '2013-01-02' - 1, 1 + DATE '2013-01-02', DATE '2013-01-02' + TIME '10:00', TIME '10:00' - TIME '09:00', TIME '10:00' + INTERVAL '15 hours', TIMESTAMP '2013-01-02' - DATE '2013-01-01', INTERVAL '1 day' / 2, INTERVAL '1 day' * 1.5
SELECT DATE '2013-01-02' < TIMESTAMP '2013-01-02 00:00:01', DATE '2013-01-02' = '2013-01-02', TIMESTAMP '2013-01-02' = '2013-01-02', TIMESTAMPTZ '2013-01-02 00:00+00' = TIMESTAMP '2013-01-02'
SELECT DATE '2013-01-02' = 5
SELECT EXTRACT(YEAR FROM DATE '2013-01-02') = 2013, EXTRACT(EPOCH FROM INTERVAL '1 month 1 day 1.5 s'), EXTRACT(SECOND FROM TIME '10:11:12.5'), EXTRACT(DOW FROM DATE '2013-02-03'), EXTRACT(ISODOW FROM DATE '2013-02-03'), EXTRACT(WEEK FROM DATE '2013-12-31')
SELECT TIMESTAMP '2013-02-03 10:11:12.987654'::timestamp(3), '10:11:12.987654'::time(2), TIMESTAMP(0) '2013-02-03 10:11:12.5', CAST('2013-02-03 10:11:12.5' AS timestamp(0))
SELECT CAST(1.005 AS numeric(10,2)), CAST(-1.005 AS numeric(10,2)), CAST(123456 AS numeric(5,2))
SELECT CAST('a' AS char(3)) || 'b', CAST('abcdef' AS varchar(3)), CAST('abcdef' AS char(3)), length(CAST('a' AS char(3)))
SELECT 'abc'::varchar(2) = 'ab', 'a '::char(3) = 'a', 'a'::char(3) = 'a  '::text
SELECT * FROM a ORDER BY k, v LIMIT 2
SELECT k FROM a GROUP BY k ORDER BY COUNT(*) DESC, k LIMIT 1
SELECT MAX(k) FROM a WHERE k > 100
SELECT k, (SELECT SUM(f) FROM b WHERE b.k < a.k) FROM a
SELECT * FROM (SELECT k, COUNT(*) AS c FROM a GROUP BY k) x JOIN b ON x.k = b.k AND x.c = 2
SELECT a.k FROM a WHERE a.n = (SELECT MAX(n) FROM a)
SELECT a.k FROM a WHERE a.n > (SELECT AVG(n) FROM a x WHERE x.k = a.k OR a.k IS NULL)
SELECT SUM(CASE WHEN k > 1 THEN 1 ELSE 0 END), SUM(k) / COUNT(k) FROM a
SELECT AVG(k)::int, SUM(n)::text, COUNT(*)::text || 'x' FROM a
SELECT DISTINCT n FROM a
SELECT DISTINCT f FROM (VALUES (0.0::float8), (-0.0::float8), ('NaN'), ('NaN')) x(f)
SELECT f, COUNT(*) FROM (VALUES ('NaN'::float8), ('NaN'), (1)) x(f) GROUP BY f
SELECT MAX(f), MIN(f), SUM(f) FROM (VALUES ('NaN'::float8), ('Infinity'), (1)) x(f)
SELECT 'NaN'::float8 = 'NaN'::float8, 'NaN'::float8 > 'Infinity'::float8, 0.0::float8 = -0.0::float8
SELECT INTERVAL '1 mon' = INTERVAL '30 days', INTERVAL '1 day' > INTERVAL '23:59', INTERVAL '1 year' = INTERVAL '360 days'
SELECT NULL::text LIKE 'a', 'a' LIKE NULL::text, 'a' ~ NULL
SELECT CASE NULL WHEN NULL THEN 1 ELSE 2 END, CASE WHEN NULL THEN 1 END
SELECT 1 AS x, 2 AS y UNION SELECT 3, 4 ORDER BY y DESC
SELECT 1 UNION SELECT 2 ORDER BY 3
SELECT k FROM a UNION SELECT k FROM b ORDER BY v
SELECT INT '5', BOOLEAN 't', NUMERIC '1.5', REAL '1.5', FLOAT8 '1', TEXT 'a'
SELECT ALL k FROM a
TABLE b
SELECT string_agg(v, ',') FROM a WHERE k = 1
SELECT to_char(1, '9') || 'x', 5::text || 'x', 1.50::text, 1e20::float8::text, 0.1::real::text, 1e-5::float8::text, 100000::float8::text, 1e15::float8, 123456789.123::float8, 1.0::float8
SELECT date_part('epoch', TIMESTAMP '2013-01-01'), date_part('week', DATE '2013-01-01'), EXTRACT(epoch FROM DATE '2013-01-01')
SELECT INTERVAL '1 year 2 mons 3 days 04:05:06.7', INTERVAL '-1 year 2 days', INTERVAL '-1 day 1 hour', INTERVAL '0', INTERVAL '-0.5 s', INTERVAL '1 mon -1 day -00:00:01'
