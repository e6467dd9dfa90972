-- q4, average price of a category: of the highest valid bid on each auction, the average by category.
--
-- A bid is valid from the auction's start to its end, both included. The average is a whole number, cut, as the original declares it.
CREATE VIEW q4 AS
SELECT q.category, CAST(TRUNC(AVG(q.final)) AS BIGINT) AS final
FROM (
    SELECT MAX(b.price) AS final, a.category
    FROM auction AS a, bid AS b
    WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires
    GROUP BY a.id, a.category
) AS q
GROUP BY q.category;
