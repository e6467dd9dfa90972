-- q18, last bid: of each bidder on each auction, the last bid.
--
-- Bids equal in time go by their columns in turn, ascending: the lowest price stands.
CREATE VIEW q18 AS
SELECT auction, bidder, price, channel, url, date_time, extra
FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC) AS rank_number
    FROM bid
) AS ranked
WHERE rank_number <= 1;
