-- q14, calculation: bids of a price range, their price converted, what part of the day they were made in, and how often `c` stands in
-- their extra text.
CREATE VIEW q14 AS
SELECT auction, bidder, 0.908 * price AS price,
       CASE
           WHEN HOUR(date_time) >= 8 AND HOUR(date_time) <= 18 THEN 'dayTime'
           WHEN HOUR(date_time) <= 6 OR HOUR(date_time) >= 20 THEN 'nightTime'
           ELSE 'otherTime'
       END AS bid_time_type,
       date_time, extra, COUNT_CHAR(extra, 'c') AS c_counts
FROM bid
WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000;
