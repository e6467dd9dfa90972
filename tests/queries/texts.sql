-- Texts and patterns.
SELECT 'abc' ~ 'a.c', 'abc' ~ 'A', 'abc' ~* 'A', 'a.c' ~ 'a\.c', 'abc' ~ '[b-d]+$', 'aXb' ~ '[[:upper:]]', 'a b' ~ '\s', 'ab1' ~ '\d', 'ab_' ~ '^\w+$', 'foo' ~ 'o{2}', 'foo' ~ '^(f|g)oo$', 'a' ~ '', '' ~ '^$'
SELECT regexp_replace('Thomas', '.[mN]a.', 'M'), regexp_replace('abc', '(a)(b)', '\2\1'), regexp_replace('aaa', 'a', 'b', 'g'), regexp_replace('aAa', 'a', 'x', 'gi'), regexp_replace('abc', 'x', 'y'), regexp_replace('a.b', '\.', '-'), regexp_replace(NULL, 'a', 'b')
SELECT regexp_count('abcabc', 'b'), regexp_count('', 'a'), regexp_instr('abcabc', 'c'), regexp_substr('abcabc', 'b.'), regexp_like('abc', 'B'), regexp_substr('abc', 'x')
SELECT substring('foobar' FROM 'o.b'), substring('foobar' FROM 'o(.)b'), substring('foobar' FROM 'x'), substring('Thomas' FROM '...$')
SELECT split_part('a,b,c', ',', 2), split_part('a,b,c', ',', -1), split_part('abc', '', 1), split_part('a,b', ',', 5)
SELECT lpad('abc', 6, '12'), rpad('abc', 6, '12'), lpad('abc', 0), rpad('abc', 2, 'x'), lpad('', 3, 'ab'), repeat('ab', 0), left('abc', 0), right('abc', -5)
SELECT position('b' in 'abc'), strpos('abc', ''), position('' in ''), substr('abcdef', -1, 4), substr('abc', 4), substring('abc' from 2 for 100), substring('abc', 0)
SELECT upper('straße'), lower('ÄÖÜ'), initcap('hello WORLD foo-bar'), length('日本'), reverse('añb'), ascii('€'), chr(8364)
SELECT concat_ws('-', 1, NULL, 'x', true), concat(1, 2.50, NULL), 'a' || 1.0, 1 || '-' || 2
SELECT to_char(1234567.891, '9,999,999.99'), to_char(-0.5, '0.99'), to_char(0, '9'), to_char(12, '0000'), to_char(1.5, '9'), to_char(2.5, '9'), to_char(123, 'FM9999'), to_char(0.1, 'FM9.99'), to_char(-1, '9PR'), to_char(1, 'S9'), to_char(-1, '9S'), to_char(1234.5, 'FM9G999D00')
SELECT md5(''), md5('a'), encode('abc', 'hex'), decode('616263', 'hex'), encode('\x00ff'::bytea, 'base64')
SELECT 'a' < 'b', 'a' < 'A', 'abc' < 'abcd', '10' < '9', 'é' < 'z', '' < ' ', 'Z' < 'a'
SELECT 'abc' LIKE '%b%', 'abc' LIKE 'a_c', 'abc' LIKE 'A%', 'abc' ILIKE 'A%', 'a%c' LIKE 'a\%c', '' LIKE '%', '' LIKE '', 'abc' NOT LIKE 'b%', 'a_c' LIKE 'a#_c' ESCAPE '#'
SELECT 'abc' SIMILAR TO '(a|x)bc', 'abc' SIMILAR TO 'a%', 'aab' SIMILAR TO 'a{2}b', 'abc' SIMILAR TO '[^x]*', 'a|b' SIMILAR TO 'a\|b'
