-- q13, bounded side input: every bid with a text looked up in a table that does not change.
--
-- The original looks up at processing time; the table being loaded before the stream, this is a join.
CREATE VIEW q13 AS
SELECT b.auction, b.bidder, b.price, b.date_time, s.value
FROM bid AS b
JOIN side_input AS s ON MOD(b.auction, 10000) = s.key;
