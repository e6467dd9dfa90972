-- q19, top prices: the ten highest bids on each auction, with their rank.
--
-- Bids equal in price go by their columns in turn, ascending: bidder, channel, url, time, extra.
CREATE VIEW q19 AS
SELECT *
FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) AS rank_number
    FROM bid
) AS ranked
WHERE rank_number <= 10;
