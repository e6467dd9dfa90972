-- q0, pass through: every bid as it is. What the engine costs where the query costs nothing.
CREATE VIEW q0 AS
SELECT auction, bidder, price, date_time, extra
FROM bid;
