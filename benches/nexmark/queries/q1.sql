-- q1, currency conversion: every bid, its price in euros.
--
-- The price is DECIMAL, of scale 3: 0.908 is no float.
CREATE VIEW q1 AS
SELECT auction, bidder, 0.908 * price AS price, date_time, extra
FROM bid;
