-- Operators between values of all types: what there is, and the SQLSTATE where there is none.
SELECT true + true
SELECT true * true
SELECT true / true
SELECT true < true
SELECT true || true
SELECT true + 2::smallint
SELECT true * 2::smallint
SELECT true + 3
SELECT true || 3
SELECT true = 4::bigint
SELECT true || 4::bigint
SELECT true + 2.50
SELECT true * 2.50
SELECT true = 2.50
SELECT true < 2.50
SELECT true || 2.50
SELECT true / 1.5::real
SELECT true < 1.5::real
SELECT true - 2.5::float8
SELECT true + '7'::text
SELECT true - '7'::text
SELECT true || '7'::text
SELECT true < '7'
SELECT true / NULL
SELECT true - DATE '2013-01-31'
SELECT true = DATE '2013-01-31'
SELECT true < DATE '2013-01-31'
SELECT true + TIME '10:00'
SELECT true - TIME '10:00'
SELECT true % TIME '10:00'
SELECT true < TIME '10:00'
SELECT true || TIME '10:00'
SELECT true || TIMESTAMP '2013-01-31 12:00'
SELECT true + TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT true < TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT true || TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT true - INTERVAL '1 mon 2 days 03:00'
SELECT true % INTERVAL '1 mon 2 days 03:00'
SELECT true = INTERVAL '1 mon 2 days 03:00'
SELECT true < INTERVAL '1 mon 2 days 03:00'
SELECT true % 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT true < 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT true - 'ab'::bytea
SELECT true / 'ab'::bytea
SELECT true || 'ab'::bytea
SELECT 2::smallint + true
SELECT 2::smallint || true
SELECT 2::smallint + 2::smallint
SELECT 2::smallint % 2::smallint
SELECT 2::smallint = 2::smallint
SELECT 2::smallint + 3
SELECT 2::smallint - 3
SELECT 2::smallint = 3
SELECT 2::smallint < 3
SELECT 2::smallint + 4::bigint
SELECT 2::smallint % 4::bigint
SELECT 2::smallint / 2.50
SELECT 2::smallint % 2.50
SELECT 2::smallint = 2.50
SELECT 2::smallint < 2.50
SELECT 2::smallint - 1.5::real
SELECT 2::smallint = 1.5::real
SELECT 2::smallint || 1.5::real
SELECT 2::smallint * 2.5::float8
SELECT 2::smallint % 2.5::float8
SELECT 2::smallint < 2.5::float8
SELECT 2::smallint + '7'::text
SELECT 2::smallint = '7'::text
SELECT 2::smallint + '7'
SELECT 2::smallint / '7'
SELECT 2::smallint - NULL
SELECT 2::smallint * NULL
SELECT 2::smallint < NULL
SELECT 2::smallint || NULL
SELECT 2::smallint - DATE '2013-01-31'
SELECT 2::smallint = DATE '2013-01-31'
SELECT 2::smallint + TIME '10:00'
SELECT 2::smallint + TIMESTAMP '2013-01-31 12:00'
SELECT 2::smallint < TIMESTAMP '2013-01-31 12:00'
SELECT 2::smallint * TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 2::smallint / TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 2::smallint = TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 2::smallint < TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 2::smallint || TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 2::smallint - INTERVAL '1 mon 2 days 03:00'
SELECT 2::smallint * INTERVAL '1 mon 2 days 03:00'
SELECT 2::smallint / INTERVAL '1 mon 2 days 03:00'
SELECT 2::smallint < INTERVAL '1 mon 2 days 03:00'
SELECT 2::smallint || INTERVAL '1 mon 2 days 03:00'
SELECT 2::smallint * 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 2::smallint = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 2::smallint - 'ab'::bytea
SELECT 2::smallint * 'ab'::bytea
SELECT 2::smallint / 'ab'::bytea
SELECT 2::smallint % 'ab'::bytea
SELECT 2::smallint = 'ab'::bytea
SELECT 3 - true
SELECT 3 % true
SELECT 3 - 2::smallint
SELECT 3 * 2::smallint
SELECT 3 < 2::smallint
SELECT 3 || 2::smallint
SELECT 3 - 3
SELECT 3 * 3
SELECT 3 = 3
SELECT 3 || 3
SELECT 3 - 4::bigint
SELECT 3 % 4::bigint
SELECT 3 < 4::bigint
SELECT 3 * 2.50
SELECT 3 / 2.50
SELECT 3 < 2.50
SELECT 3 || 2.50
SELECT 3 = 1.5::real
SELECT 3 < 1.5::real
SELECT 3 + 2.5::float8
SELECT 3 / 2.5::float8
SELECT 3 < 2.5::float8
SELECT 3 / '7'::text
SELECT 3 < '7'::text
SELECT 3 || '7'::text
SELECT 3 + '7'
SELECT 3 % '7'
SELECT 3 = NULL
SELECT 3 + DATE '2013-01-31'
SELECT 3 - DATE '2013-01-31'
SELECT 3 < TIME '10:00'
SELECT 3 || TIME '10:00'
SELECT 3 % TIMESTAMP '2013-01-31 12:00'
SELECT 3 = TIMESTAMP '2013-01-31 12:00'
SELECT 3 < TIMESTAMP '2013-01-31 12:00'
SELECT 3 + TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 3 - TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 3 = TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 3 - INTERVAL '1 mon 2 days 03:00'
SELECT 3 / INTERVAL '1 mon 2 days 03:00'
SELECT 3 < INTERVAL '1 mon 2 days 03:00'
SELECT 3 - 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 3 < 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 3 + 'ab'::bytea
SELECT 3 - 'ab'::bytea
SELECT 3 * 'ab'::bytea
SELECT 3 % 'ab'::bytea
SELECT 4::bigint + true
SELECT 4::bigint * true
SELECT 4::bigint = true
SELECT 4::bigint || true
SELECT 4::bigint + 2::smallint
SELECT 4::bigint - 2::smallint
SELECT 4::bigint % 2::smallint
SELECT 4::bigint = 2::smallint
SELECT 4::bigint < 2::smallint
SELECT 4::bigint || 2::smallint
SELECT 4::bigint + 3
SELECT 4::bigint * 3
SELECT 4::bigint * 4::bigint
SELECT 4::bigint = 4::bigint
SELECT 4::bigint * 2.50
SELECT 4::bigint + 1.5::real
SELECT 4::bigint / 1.5::real
SELECT 4::bigint % 1.5::real
SELECT 4::bigint = 1.5::real
SELECT 4::bigint - 2.5::float8
SELECT 4::bigint % 2.5::float8
SELECT 4::bigint * '7'::text
SELECT 4::bigint < '7'::text
SELECT 4::bigint + '7'
SELECT 4::bigint * '7'
SELECT 4::bigint < '7'
SELECT 4::bigint - NULL
SELECT 4::bigint * NULL
SELECT 4::bigint % NULL
SELECT 4::bigint = NULL
SELECT 4::bigint / DATE '2013-01-31'
SELECT 4::bigint || DATE '2013-01-31'
SELECT 4::bigint % TIME '10:00'
SELECT 4::bigint + TIMESTAMP '2013-01-31 12:00'
SELECT 4::bigint / TIMESTAMP '2013-01-31 12:00'
SELECT 4::bigint || TIMESTAMP '2013-01-31 12:00'
SELECT 4::bigint + TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 4::bigint % TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 4::bigint < TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 4::bigint || TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 4::bigint + INTERVAL '1 mon 2 days 03:00'
SELECT 4::bigint * INTERVAL '1 mon 2 days 03:00'
SELECT 4::bigint % INTERVAL '1 mon 2 days 03:00'
SELECT 4::bigint || INTERVAL '1 mon 2 days 03:00'
SELECT 4::bigint = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 4::bigint < 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 4::bigint || 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 4::bigint - 'ab'::bytea
SELECT 4::bigint % 'ab'::bytea
SELECT 4::bigint || 'ab'::bytea
SELECT 2.50 + true
SELECT 2.50 - true
SELECT 2.50 / true
SELECT 2.50 = true
SELECT 2.50 + 2::smallint
SELECT 2.50 * 2::smallint
SELECT 2.50 = 2::smallint
SELECT 2.50 < 2::smallint
SELECT 2.50 + 3
SELECT 2.50 % 3
SELECT 2.50 / 4::bigint
SELECT 2.50 || 4::bigint
SELECT 2.50 + 2.50
SELECT 2.50 = 2.50
SELECT 2.50 - 1.5::real
SELECT 2.50 + 2.5::float8
SELECT 2.50 * 2.5::float8
SELECT 2.50 = 2.5::float8
SELECT 2.50 + '7'::text
SELECT 2.50 / '7'::text
SELECT 2.50 % '7'::text
SELECT 2.50 - '7'
SELECT 2.50 % '7'
SELECT 2.50 - NULL
SELECT 2.50 = NULL
SELECT 2.50 < NULL
SELECT 2.50 || NULL
SELECT 2.50 + DATE '2013-01-31'
SELECT 2.50 * DATE '2013-01-31'
SELECT 2.50 / DATE '2013-01-31'
SELECT 2.50 % DATE '2013-01-31'
SELECT 2.50 / TIME '10:00'
SELECT 2.50 < TIME '10:00'
SELECT 2.50 / TIMESTAMP '2013-01-31 12:00'
SELECT 2.50 % TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 2.50 - INTERVAL '1 mon 2 days 03:00'
SELECT 2.50 * 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 2.50 / 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 2.50 = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 2.50 || 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 2.50 + 'ab'::bytea
SELECT 2.50 * 'ab'::bytea
SELECT 2.50 < 'ab'::bytea
SELECT 1.5::real + true
SELECT 1.5::real / true
SELECT 1.5::real % true
SELECT 1.5::real = true
SELECT 1.5::real < true
SELECT 1.5::real - 2::smallint
SELECT 1.5::real / 2::smallint
SELECT 1.5::real = 2::smallint
SELECT 1.5::real + 3
SELECT 1.5::real - 3
SELECT 1.5::real / 3
SELECT 1.5::real * 4::bigint
SELECT 1.5::real = 4::bigint
SELECT 1.5::real < 4::bigint
SELECT 1.5::real / 2.50
SELECT 1.5::real % 2.50
SELECT 1.5::real + 1.5::real
SELECT 1.5::real * 1.5::real
SELECT 1.5::real < 1.5::real
SELECT 1.5::real - 2.5::float8
SELECT 1.5::real || 2.5::float8
SELECT 1.5::real = '7'::text
SELECT 1.5::real || '7'::text
SELECT 1.5::real - '7'
SELECT 1.5::real < '7'
SELECT 1.5::real || '7'
SELECT 1.5::real * NULL
SELECT 1.5::real || TIME '10:00'
SELECT 1.5::real - TIMESTAMP '2013-01-31 12:00'
SELECT 1.5::real * TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 1.5::real / TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 1.5::real = TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 1.5::real - INTERVAL '1 mon 2 days 03:00'
SELECT 1.5::real - 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 1.5::real / 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 1.5::real = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 1.5::real - 'ab'::bytea
SELECT 1.5::real / 'ab'::bytea
SELECT 1.5::real % 'ab'::bytea
SELECT 2.5::float8 + true
SELECT 2.5::float8 = true
SELECT 2.5::float8 + 2::smallint
SELECT 2.5::float8 % 2::smallint
SELECT 2.5::float8 - 3
SELECT 2.5::float8 * 3
SELECT 2.5::float8 = 3
SELECT 2.5::float8 < 4::bigint
SELECT 2.5::float8 - 2.50
SELECT 2.5::float8 - 1.5::real
SELECT 2.5::float8 / 1.5::real
SELECT 2.5::float8 = 1.5::real
SELECT 2.5::float8 + 2.5::float8
SELECT 2.5::float8 / 2.5::float8
SELECT 2.5::float8 % 2.5::float8
SELECT 2.5::float8 < 2.5::float8
SELECT 2.5::float8 = '7'::text
SELECT 2.5::float8 / '7'
SELECT 2.5::float8 = '7'
SELECT 2.5::float8 + NULL
SELECT 2.5::float8 - NULL
SELECT 2.5::float8 / NULL
SELECT 2.5::float8 < NULL
SELECT 2.5::float8 / DATE '2013-01-31'
SELECT 2.5::float8 % TIME '10:00'
SELECT 2.5::float8 = TIME '10:00'
SELECT 2.5::float8 + TIMESTAMP '2013-01-31 12:00'
SELECT 2.5::float8 * TIMESTAMP '2013-01-31 12:00'
SELECT 2.5::float8 || TIMESTAMP '2013-01-31 12:00'
SELECT 2.5::float8 + TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 2.5::float8 - TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 2.5::float8 * TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 2.5::float8 / TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 2.5::float8 / INTERVAL '1 mon 2 days 03:00'
SELECT 2.5::float8 = INTERVAL '1 mon 2 days 03:00'
SELECT 2.5::float8 || INTERVAL '1 mon 2 days 03:00'
SELECT 2.5::float8 + 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 2.5::float8 < 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 2.5::float8 - 'ab'::bytea
SELECT 2.5::float8 * 'ab'::bytea
SELECT 2.5::float8 / 'ab'::bytea
SELECT 2.5::float8 = 'ab'::bytea
SELECT '7'::text + true
SELECT '7'::text / true
SELECT '7'::text = true
SELECT '7'::text + 2::smallint
SELECT '7'::text * 2::smallint
SELECT '7'::text % 2::smallint
SELECT '7'::text - 3
SELECT '7'::text < 3
SELECT '7'::text + 4::bigint
SELECT '7'::text - 4::bigint
SELECT '7'::text * 4::bigint
SELECT '7'::text / 4::bigint
SELECT '7'::text * 2.50
SELECT '7'::text / 2.50
SELECT '7'::text % 2.50
SELECT '7'::text + 1.5::real
SELECT '7'::text / 1.5::real
SELECT '7'::text % 2.5::float8
SELECT '7'::text < 2.5::float8
SELECT '7'::text - '7'::text
SELECT '7'::text * '7'
SELECT '7'::text / '7'
SELECT '7'::text % '7'
SELECT '7'::text = '7'
SELECT '7'::text + NULL
SELECT '7'::text || NULL
SELECT '7'::text - DATE '2013-01-31'
SELECT '7'::text * DATE '2013-01-31'
SELECT '7'::text % DATE '2013-01-31'
SELECT '7'::text = DATE '2013-01-31'
SELECT '7'::text || DATE '2013-01-31'
SELECT '7'::text + TIME '10:00'
SELECT '7'::text * TIME '10:00'
SELECT '7'::text / TIME '10:00'
SELECT '7'::text % TIME '10:00'
SELECT '7'::text < TIME '10:00'
SELECT '7'::text || TIME '10:00'
SELECT '7'::text % TIMESTAMP '2013-01-31 12:00'
SELECT '7'::text || TIMESTAMP '2013-01-31 12:00'
SELECT '7'::text + TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT '7'::text - TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT '7'::text % TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT '7'::text = TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT '7'::text < TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT '7'::text - INTERVAL '1 mon 2 days 03:00'
SELECT '7'::text * INTERVAL '1 mon 2 days 03:00'
SELECT '7'::text % INTERVAL '1 mon 2 days 03:00'
SELECT '7'::text % 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT '7'::text < 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT '7'::text || 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT '7'::text / 'ab'::bytea
SELECT '7'::text % 'ab'::bytea
SELECT '7'::text = 'ab'::bytea
SELECT '7'::text < 'ab'::bytea
SELECT '7' * true
SELECT '7' / true
SELECT '7' = true
SELECT '7' < true
SELECT '7' || true
SELECT '7' + 2::smallint
SELECT '7' / 2::smallint
SELECT '7' || 2::smallint
SELECT '7' - 3
SELECT '7' + 4::bigint
SELECT '7' - 2.50
SELECT '7' = 2.50
SELECT '7' || 2.50
SELECT '7' - 1.5::real
SELECT '7' * 1.5::real
SELECT '7' || 1.5::real
SELECT '7' / 2.5::float8
SELECT '7' = 2.5::float8
SELECT '7' + '7'::text
SELECT '7' * '7'::text
SELECT '7' / '7'::text
SELECT '7' % '7'::text
SELECT '7' || '7'::text
SELECT '7' < '7'
SELECT '7' = NULL
SELECT '7' - DATE '2013-01-31'
SELECT '7' = DATE '2013-01-31'
SELECT '7' + TIMESTAMP '2013-01-31 12:00'
SELECT '7' - TIMESTAMP '2013-01-31 12:00'
SELECT '7' % TIMESTAMP '2013-01-31 12:00'
SELECT '7' = TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT '7' || TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT '7' < INTERVAL '1 mon 2 days 03:00'
SELECT '7' < 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT '7' + 'ab'::bytea
SELECT '7' / 'ab'::bytea
SELECT '7' = 'ab'::bytea
SELECT NULL = true
SELECT NULL + 3
SELECT NULL - 3
SELECT NULL < 3
SELECT NULL || 3
SELECT NULL + 4::bigint
SELECT NULL - 4::bigint
SELECT NULL / 2.50
SELECT NULL = 2.50
SELECT NULL - 1.5::real
SELECT NULL * 1.5::real
SELECT NULL = 1.5::real
SELECT NULL + 2.5::float8
SELECT NULL * 2.5::float8
SELECT NULL % '7'::text
SELECT NULL = '7'
SELECT NULL < '7'
SELECT NULL - DATE '2013-01-31'
SELECT NULL = DATE '2013-01-31'
SELECT NULL < DATE '2013-01-31'
SELECT NULL + TIME '10:00'
SELECT NULL / TIME '10:00'
SELECT NULL = TIME '10:00'
SELECT NULL < TIME '10:00'
SELECT NULL || TIME '10:00'
SELECT NULL + TIMESTAMP '2013-01-31 12:00'
SELECT NULL * TIMESTAMP '2013-01-31 12:00'
SELECT NULL + TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT NULL % TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT NULL || TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT NULL - INTERVAL '1 mon 2 days 03:00'
SELECT NULL * INTERVAL '1 mon 2 days 03:00'
SELECT NULL = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT NULL < 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT NULL || 'ab'::bytea
SELECT DATE '2013-01-31' / true
SELECT DATE '2013-01-31' % true
SELECT DATE '2013-01-31' || true
SELECT DATE '2013-01-31' * 2::smallint
SELECT DATE '2013-01-31' + 3
SELECT DATE '2013-01-31' - 3
SELECT DATE '2013-01-31' / 3
SELECT DATE '2013-01-31' = 3
SELECT DATE '2013-01-31' || 3
SELECT DATE '2013-01-31' / 4::bigint
SELECT DATE '2013-01-31' || 4::bigint
SELECT DATE '2013-01-31' = 2.50
SELECT DATE '2013-01-31' * 1.5::real
SELECT DATE '2013-01-31' < 1.5::real
SELECT DATE '2013-01-31' + 2.5::float8
SELECT DATE '2013-01-31' - 2.5::float8
SELECT DATE '2013-01-31' / 2.5::float8
SELECT DATE '2013-01-31' / '7'::text
SELECT DATE '2013-01-31' % '7'
SELECT DATE '2013-01-31' = '7'
SELECT DATE '2013-01-31' < '7'
SELECT DATE '2013-01-31' * NULL
SELECT DATE '2013-01-31' / NULL
SELECT DATE '2013-01-31' = NULL
SELECT DATE '2013-01-31' < NULL
SELECT DATE '2013-01-31' + DATE '2013-01-31'
SELECT DATE '2013-01-31' * DATE '2013-01-31'
SELECT DATE '2013-01-31' / DATE '2013-01-31'
SELECT DATE '2013-01-31' = DATE '2013-01-31'
SELECT DATE '2013-01-31' < DATE '2013-01-31'
SELECT DATE '2013-01-31' + TIMESTAMP '2013-01-31 12:00'
SELECT DATE '2013-01-31' - TIMESTAMP '2013-01-31 12:00'
SELECT DATE '2013-01-31' / TIMESTAMP '2013-01-31 12:00'
SELECT DATE '2013-01-31' % TIMESTAMP '2013-01-31 12:00'
SELECT DATE '2013-01-31' = TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT DATE '2013-01-31' + INTERVAL '1 mon 2 days 03:00'
SELECT DATE '2013-01-31' - INTERVAL '1 mon 2 days 03:00'
SELECT DATE '2013-01-31' < INTERVAL '1 mon 2 days 03:00'
SELECT DATE '2013-01-31' % 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT DATE '2013-01-31' = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT DATE '2013-01-31' / 'ab'::bytea
SELECT DATE '2013-01-31' = 'ab'::bytea
SELECT DATE '2013-01-31' < 'ab'::bytea
SELECT DATE '2013-01-31' || 'ab'::bytea
SELECT TIME '10:00' < true
SELECT TIME '10:00' + 2::smallint
SELECT TIME '10:00' = 2::smallint
SELECT TIME '10:00' = 3
SELECT TIME '10:00' + 4::bigint
SELECT TIME '10:00' % 4::bigint
SELECT TIME '10:00' = 4::bigint
SELECT TIME '10:00' || 4::bigint
SELECT TIME '10:00' + 2.50
SELECT TIME '10:00' - 2.50
SELECT TIME '10:00' = 2.50
SELECT TIME '10:00' || 2.50
SELECT TIME '10:00' - 1.5::real
SELECT TIME '10:00' % 1.5::real
SELECT TIME '10:00' = 1.5::real
SELECT TIME '10:00' - 2.5::float8
SELECT TIME '10:00' || 2.5::float8
SELECT TIME '10:00' + '7'::text
SELECT TIME '10:00' < '7'::text
SELECT TIME '10:00' % '7'
SELECT TIME '10:00' || '7'
SELECT TIME '10:00' - NULL
SELECT TIME '10:00' + DATE '2013-01-31'
SELECT TIME '10:00' / DATE '2013-01-31'
SELECT TIME '10:00' || DATE '2013-01-31'
SELECT TIME '10:00' / TIME '10:00'
SELECT TIME '10:00' = TIME '10:00'
SELECT TIME '10:00' || TIME '10:00'
SELECT TIME '10:00' - TIMESTAMP '2013-01-31 12:00'
SELECT TIME '10:00' = TIMESTAMP '2013-01-31 12:00'
SELECT TIME '10:00' % TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT TIME '10:00' % INTERVAL '1 mon 2 days 03:00'
SELECT TIME '10:00' || INTERVAL '1 mon 2 days 03:00'
SELECT TIME '10:00' + 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT TIME '10:00' - 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT TIME '10:00' || 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT TIME '10:00' + 'ab'::bytea
SELECT TIMESTAMP '2013-01-31 12:00' || true
SELECT TIMESTAMP '2013-01-31 12:00' + 2::smallint
SELECT TIMESTAMP '2013-01-31 12:00' + 3
SELECT TIMESTAMP '2013-01-31 12:00' - 3
SELECT TIMESTAMP '2013-01-31 12:00' * 3
SELECT TIMESTAMP '2013-01-31 12:00' < 3
SELECT TIMESTAMP '2013-01-31 12:00' % 4::bigint
SELECT TIMESTAMP '2013-01-31 12:00' = 4::bigint
SELECT TIMESTAMP '2013-01-31 12:00' + 2.50
SELECT TIMESTAMP '2013-01-31 12:00' - 2.50
SELECT TIMESTAMP '2013-01-31 12:00' * 2.50
SELECT TIMESTAMP '2013-01-31 12:00' - 1.5::real
SELECT TIMESTAMP '2013-01-31 12:00' / 1.5::real
SELECT TIMESTAMP '2013-01-31 12:00' % 1.5::real
SELECT TIMESTAMP '2013-01-31 12:00' = 1.5::real
SELECT TIMESTAMP '2013-01-31 12:00' / 2.5::float8
SELECT TIMESTAMP '2013-01-31 12:00' < 2.5::float8
SELECT TIMESTAMP '2013-01-31 12:00' + '7'::text
SELECT TIMESTAMP '2013-01-31 12:00' - '7'::text
SELECT TIMESTAMP '2013-01-31 12:00' = '7'::text
SELECT TIMESTAMP '2013-01-31 12:00' || '7'::text
SELECT TIMESTAMP '2013-01-31 12:00' + '7'
SELECT TIMESTAMP '2013-01-31 12:00' / '7'
SELECT TIMESTAMP '2013-01-31 12:00' % '7'
SELECT TIMESTAMP '2013-01-31 12:00' + NULL
SELECT TIMESTAMP '2013-01-31 12:00' % NULL
SELECT TIMESTAMP '2013-01-31 12:00' < NULL
SELECT TIMESTAMP '2013-01-31 12:00' + DATE '2013-01-31'
SELECT TIMESTAMP '2013-01-31 12:00' * DATE '2013-01-31'
SELECT TIMESTAMP '2013-01-31 12:00' || TIME '10:00'
SELECT TIMESTAMP '2013-01-31 12:00' - TIMESTAMP '2013-01-31 12:00'
SELECT TIMESTAMP '2013-01-31 12:00' * TIMESTAMP '2013-01-31 12:00'
SELECT TIMESTAMP '2013-01-31 12:00' * TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT TIMESTAMP '2013-01-31 12:00' / TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT TIMESTAMP '2013-01-31 12:00' - INTERVAL '1 mon 2 days 03:00'
SELECT TIMESTAMP '2013-01-31 12:00' = INTERVAL '1 mon 2 days 03:00'
SELECT TIMESTAMP '2013-01-31 12:00' + 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT TIMESTAMP '2013-01-31 12:00' - 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT TIMESTAMP '2013-01-31 12:00' * 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT TIMESTAMP '2013-01-31 12:00' / 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT TIMESTAMP '2013-01-31 12:00' * 'ab'::bytea
SELECT TIMESTAMP '2013-01-31 12:00' = 'ab'::bytea
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' - true
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' * true
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' % true
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' = true
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' - 2::smallint
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' = 2::smallint
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' < 2::smallint
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' % 3
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' = 3
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' - 4::bigint
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' || 4::bigint
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' + 2.50
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' < 2.50
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' || 2.50
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' * 1.5::real
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' % 1.5::real
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' - 2.5::float8
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' = 2.5::float8
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' < 2.5::float8
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' + '7'::text
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' = '7'::text
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' || '7'::text
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' = '7'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' * NULL
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' < NULL
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' + DATE '2013-01-31'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' * DATE '2013-01-31'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' / DATE '2013-01-31'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' = DATE '2013-01-31'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' || DATE '2013-01-31'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' * TIME '10:00'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' = TIME '10:00'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' || TIME '10:00'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' / TIMESTAMP '2013-01-31 12:00'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' || TIMESTAMP '2013-01-31 12:00'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' < TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' + INTERVAL '1 mon 2 days 03:00'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' - INTERVAL '1 mon 2 days 03:00'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' / INTERVAL '1 mon 2 days 03:00'
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' + 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' / 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' - 'ab'::bytea
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' = 'ab'::bytea
SELECT TIMESTAMPTZ '2013-01-31 12:00+00' < 'ab'::bytea
SELECT INTERVAL '1 mon 2 days 03:00' * true
SELECT INTERVAL '1 mon 2 days 03:00' / true
SELECT INTERVAL '1 mon 2 days 03:00' * 2::smallint
SELECT INTERVAL '1 mon 2 days 03:00' % 2::smallint
SELECT INTERVAL '1 mon 2 days 03:00' < 2::smallint
SELECT INTERVAL '1 mon 2 days 03:00' || 2::smallint
SELECT INTERVAL '1 mon 2 days 03:00' * 3
SELECT INTERVAL '1 mon 2 days 03:00' = 3
SELECT INTERVAL '1 mon 2 days 03:00' < 3
SELECT INTERVAL '1 mon 2 days 03:00' || 3
SELECT INTERVAL '1 mon 2 days 03:00' / 4::bigint
SELECT INTERVAL '1 mon 2 days 03:00' % 4::bigint
SELECT INTERVAL '1 mon 2 days 03:00' = 4::bigint
SELECT INTERVAL '1 mon 2 days 03:00' + 2.50
SELECT INTERVAL '1 mon 2 days 03:00' * 2.50
SELECT INTERVAL '1 mon 2 days 03:00' = 2.50
SELECT INTERVAL '1 mon 2 days 03:00' < 2.50
SELECT INTERVAL '1 mon 2 days 03:00' < 1.5::real
SELECT INTERVAL '1 mon 2 days 03:00' * 2.5::float8
SELECT INTERVAL '1 mon 2 days 03:00' / 2.5::float8
SELECT INTERVAL '1 mon 2 days 03:00' || 2.5::float8
SELECT INTERVAL '1 mon 2 days 03:00' - '7'::text
SELECT INTERVAL '1 mon 2 days 03:00' % '7'::text
SELECT INTERVAL '1 mon 2 days 03:00' = '7'::text
SELECT INTERVAL '1 mon 2 days 03:00' + '7'
SELECT INTERVAL '1 mon 2 days 03:00' * '7'
SELECT INTERVAL '1 mon 2 days 03:00' / '7'
SELECT INTERVAL '1 mon 2 days 03:00' || '7'
SELECT INTERVAL '1 mon 2 days 03:00' + NULL
SELECT INTERVAL '1 mon 2 days 03:00' < NULL
SELECT INTERVAL '1 mon 2 days 03:00' / DATE '2013-01-31'
SELECT INTERVAL '1 mon 2 days 03:00' / TIME '10:00'
SELECT INTERVAL '1 mon 2 days 03:00' % TIME '10:00'
SELECT INTERVAL '1 mon 2 days 03:00' || TIME '10:00'
SELECT INTERVAL '1 mon 2 days 03:00' - TIMESTAMP '2013-01-31 12:00'
SELECT INTERVAL '1 mon 2 days 03:00' / TIMESTAMP '2013-01-31 12:00'
SELECT INTERVAL '1 mon 2 days 03:00' % TIMESTAMP '2013-01-31 12:00'
SELECT INTERVAL '1 mon 2 days 03:00' = TIMESTAMP '2013-01-31 12:00'
SELECT INTERVAL '1 mon 2 days 03:00' < TIMESTAMP '2013-01-31 12:00'
SELECT INTERVAL '1 mon 2 days 03:00' || TIMESTAMP '2013-01-31 12:00'
SELECT INTERVAL '1 mon 2 days 03:00' + TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT INTERVAL '1 mon 2 days 03:00' = TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT INTERVAL '1 mon 2 days 03:00' % INTERVAL '1 mon 2 days 03:00'
SELECT INTERVAL '1 mon 2 days 03:00' = INTERVAL '1 mon 2 days 03:00'
SELECT INTERVAL '1 mon 2 days 03:00' || INTERVAL '1 mon 2 days 03:00'
SELECT INTERVAL '1 mon 2 days 03:00' + 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT INTERVAL '1 mon 2 days 03:00' * 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT INTERVAL '1 mon 2 days 03:00' = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT INTERVAL '1 mon 2 days 03:00' - 'ab'::bytea
SELECT INTERVAL '1 mon 2 days 03:00' / 'ab'::bytea
SELECT INTERVAL '1 mon 2 days 03:00' < 'ab'::bytea
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid < true
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid || true
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid % 2::smallint
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid - 3
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid / 3
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid = 3
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid < 3
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid || 3
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid - 4::bigint
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid * 4::bigint
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid % 4::bigint
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid < 4::bigint
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid + 2.50
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid - 2.50
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid * 2.50
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid < 2.50
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid % 1.5::real
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid + 2.5::float8
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid - 2.5::float8
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid % 2.5::float8
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid = 2.5::float8
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid || 2.5::float8
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid / '7'::text
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid % '7'::text
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid = '7'::text
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid - '7'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid || '7'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid * NULL
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid / NULL
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid % NULL
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid < NULL
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid - DATE '2013-01-31'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid * DATE '2013-01-31'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid / DATE '2013-01-31'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid % DATE '2013-01-31'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid < DATE '2013-01-31'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid - TIME '10:00'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid / TIME '10:00'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid / TIMESTAMP '2013-01-31 12:00'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid < TIMESTAMP '2013-01-31 12:00'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid + TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid / TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid % TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid + INTERVAL '1 mon 2 days 03:00'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid * INTERVAL '1 mon 2 days 03:00'
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid * 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid + 'ab'::bytea
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid * 'ab'::bytea
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid % 'ab'::bytea
SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid || 'ab'::bytea
SELECT 'ab'::bytea - true
SELECT 'ab'::bytea < 2::smallint
SELECT 'ab'::bytea || 2::smallint
SELECT 'ab'::bytea / 3
SELECT 'ab'::bytea || 4::bigint
SELECT 'ab'::bytea * 2.50
SELECT 'ab'::bytea / 2.50
SELECT 'ab'::bytea || 2.50
SELECT 'ab'::bytea - 1.5::real
SELECT 'ab'::bytea + 2.5::float8
SELECT 'ab'::bytea / '7'::text
SELECT 'ab'::bytea % '7'::text
SELECT 'ab'::bytea < '7'::text
SELECT 'ab'::bytea + '7'
SELECT 'ab'::bytea - '7'
SELECT 'ab'::bytea / '7'
SELECT 'ab'::bytea % '7'
SELECT 'ab'::bytea / NULL
SELECT 'ab'::bytea = NULL
SELECT 'ab'::bytea % DATE '2013-01-31'
SELECT 'ab'::bytea || DATE '2013-01-31'
SELECT 'ab'::bytea - TIME '10:00'
SELECT 'ab'::bytea = TIME '10:00'
SELECT 'ab'::bytea < TIMESTAMP '2013-01-31 12:00'
SELECT 'ab'::bytea + TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 'ab'::bytea - TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 'ab'::bytea * TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 'ab'::bytea < TIMESTAMPTZ '2013-01-31 12:00+00'
SELECT 'ab'::bytea / INTERVAL '1 mon 2 days 03:00'
SELECT 'ab'::bytea = INTERVAL '1 mon 2 days 03:00'
SELECT 'ab'::bytea < INTERVAL '1 mon 2 days 03:00'
SELECT 'ab'::bytea + 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 'ab'::bytea - 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 'ab'::bytea / 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 'ab'::bytea = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
SELECT 'ab'::bytea / 'ab'::bytea
