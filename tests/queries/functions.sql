-- Functions of PostgreSQL's manual that other files do not have.
SELECT to_char(0.0004859, '9.99EEEE'), to_char(1234.5, '9.999EEEE'), to_char(0, '9.9EEEE'), to_char(1e10::float8, '9.9EEEE'), to_char(-12345, '9.99EEEE'), to_char(99999, '9.9EEEE')
SELECT to_char(485, 'RN'), to_char(5.2, 'FMRN'), to_char(3999, 'FMrn'), to_char(4000, 'RN'), to_char(0, 'FMRN')
SELECT to_char(-485, 'SG999'), to_char(-485, '9SG99'), to_char(5, 'MI9'), to_char(-5, '9MI'), to_char(485, 'L999'), to_char(-5, 'MI9'), to_char(5, 'FM9MI')
SELECT to_char(TIMESTAMP '2013-02-03', 'RM FMrm'), to_char(DATE '0044-03-15 BC', 'YYYY BC b.c.'), to_char(DATE '2013-01-01', 'AD a.d. ad'), to_char(TIMESTAMPTZ '2013-02-03 14:05:06+00', 'OF TZH:TZM')
SELECT get_byte('\x1234'::bytea, 1), set_byte('\x1234'::bytea, 0, 255), get_bit('\x1234'::bytea, 10), set_bit('\x1234'::bytea, 0, 1), bit_count('\x1234'::bytea)
SELECT get_byte('\x1234'::bytea, 2)
SELECT get_byte('\x1234'::bytea, -1)
SELECT set_bit('\x1234'::bytea, 0, 2)
SELECT get_bit(''::bytea, 0)
SELECT convert_from('\x61'::bytea, 'UTF8'), convert_to('ä', 'UTF8')
SELECT convert_from('\xff'::bytea, 'UTF8')
SELECT factorial(5), factorial(33), factorial(NULL)
SELECT acosd(-0.5), acosd(1), asind(-1), atand(-1), atan2d(-1, 0), cosd(120), cosd(-90), cotd(135), sind(-30), sind(390), tand(135), asinh(-1), acosh(2), atanh(-0.5)
SELECT acosd(2)
SELECT acosh(0)
SELECT TIMESTAMP '2013-07-01 12:00' AT TIME ZONE 'Asia/Kolkata', TIMESTAMPTZ '1900-01-01 00:00+00' AT TIME ZONE 'America/New_York', TIMESTAMPTZ '2099-07-01 00:00+00' AT TIME ZONE 'Europe/London', DATE '2013-07-01' AT TIME ZONE 'Europe/Berlin'
SELECT TIMESTAMPTZ '2013-07-03 10:11:12 Europe/Berlin', TIMESTAMPTZ '2013-01-03 10:11:12 America/Sao_Paulo', '2013-01-03 10:11:12 Asia/Tokyo'::timestamp
SELECT timezone('Europe/Berlin', TIMESTAMP '2013-07-01'), date_trunc('day', TIMESTAMPTZ '2001-02-16 20:38:40+00', 'Australia/Sydney'), make_timestamptz(2013, 7, 15, 8, 15, 23.5, 'Europe/Berlin'), make_timestamptz(2013, 7, 15, 8, 15, 23.5)
SELECT z, TIMESTAMP '2013-07-01 12:00' AT TIME ZONE z FROM (VALUES ('Europe/Berlin'), ('UTC'), ('Asia/Tokyo'), (NULL)) v(z)
SELECT TIMESTAMP '2013-07-01 12:00' AT TIME ZONE z FROM (VALUES ('Nowhere/Land')) v(z)
SELECT to_number(s, '999D99') FROM (VALUES ('12.5'), ('-7'), (' 100.25'), (NULL)) v(s)
SELECT make_interval(1, 2, 3), make_interval(mins => 90), make_interval(0, 13), make_interval(secs => -0.5), make_interval(NULL, 1)
SELECT TIME '10:11:12.56'::time(1), TIMESTAMP '1969-12-31 23:59:59.9'::timestamp(0), TIMESTAMPTZ '2013-01-01 00:00:00.0005+00'::timestamptz(3)
SELECT 5 = ANY (ARRAY[1, 5]), 5 = ANY (ARRAY[1, NULL]), 5 <> ALL (ARRAY[1, 2]), 5 > ALL (ARRAY[1, 2]), 5 < ANY (ARRAY[1, 9]), 5 = ALL (ARRAY[5]), 'a' = ANY (ARRAY['a', 'b'])
SELECT ROW(1, 2) = ROW(1, 2), ROW(1, 2) < ROW(1, 3), (1, 2) IN ((1, 2), (3, 4)), ROW(1, NULL) IS NULL, ROW(NULL, NULL) IS NOT NULL, (1, 2) IS NULL
SELECT DATE '2013-01-15' BETWEEN SYMMETRIC DATE '2013-02-01' AND DATE '2013-01-01', 'b' BETWEEN SYMMETRIC 'c' AND 'a', 3 BETWEEN SYMMETRIC 1 + 4 AND 2
SELECT sind('NaN'::float8), cosd('NaN'::float8), tand('NaN'::float8), cotd('NaN'::float8)
SELECT sind('Infinity'::float8)
SELECT cosd('-Infinity'::float8)
SELECT tand('Infinity'::float8)
SELECT cotd('Infinity'::float8)
SELECT asind('NaN'::float8), acosd('NaN'::float8), atand('NaN'::float8), atan2d('NaN'::float8, 1)
SELECT round(5, -1), round(-5, -1), round(25, -1), round(-25, -1), round(50, -2), round(250, -2), round(5::smallint, -1)
SELECT round(9223372036854775807, 0), trunc(59, -1), trunc(-59, -1), trunc(9223372036854775807, -18), round(49, -2)
SELECT sum(round(n, -1)) FROM generate_series(1, 100) AS g(n)
SELECT 1 LIMIT true
SELECT 1 LIMIT 1 = 1
SELECT 1 LIMIT date '2024-01-01'
SELECT 1 OFFSET time '10:00'
SELECT 1 LIMIT 1.4
SELECT 1 LIMIT '1'
SELECT date_trunc('day', 1, 'UTC')
SELECT date_trunc('week', time '10:00', 'UTC')
SELECT date_trunc('week', true, 'UTC')
SELECT date_trunc('day', timestamp '2024-01-03 12:00', 'UTC') = timestamptz '2024-01-03 00:00+00'
