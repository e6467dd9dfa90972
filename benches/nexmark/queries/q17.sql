-- q17, auction statistics: for each auction and day, how many bids by rank of price, and their lowest, highest, average and total price.
--
-- The average is a whole number, cut, as the original declares it.
CREATE VIEW q17 AS
SELECT auction,
       DATE_FORMAT(date_time, 'yyyy-MM-dd') AS day,
       COUNT(*) AS total_bids,
       COUNT(*) FILTER (WHERE price < 10000) AS rank1_bids,
       COUNT(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids,
       COUNT(*) FILTER (WHERE price >= 1000000) AS rank3_bids,
       MIN(price) AS min_price,
       MAX(price) AS max_price,
       CAST(TRUNC(AVG(price)) AS BIGINT) AS avg_price,
       SUM(price) AS sum_price
FROM bid
GROUP BY auction, DATE_FORMAT(date_time, 'yyyy-MM-dd');
