-- q3, local item suggestion: who sells in Oregon, Idaho or California in category 10, and which auctions are theirs?
--
-- The generator writes states in lower case.
CREATE VIEW q3 AS
SELECT p.name, p.city, p.state, a.id
FROM auction AS a
JOIN person AS p ON a.seller = p.id
WHERE a.category = 10 AND (p.state = 'or' OR p.state = 'id' OR p.state = 'ca');
