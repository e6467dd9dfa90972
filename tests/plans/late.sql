CREATE TABLE auction (id BIGINT PRIMARY KEY, item TEXT, description TEXT, opens TIMESTAMP, closes TIMESTAMP, seller BIGINT);
CREATE TABLE bid (auction BIGINT, bidder BIGINT, price BIGINT, at TIMESTAMP, note TEXT);
SELECT id, item, description, opens, closes, seller, bidder, price, at
FROM (
    SELECT a.*, b.bidder, b.price, b.at, b.note, ROW_NUMBER() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.at) AS n
    FROM auction a JOIN bid b ON b.auction = a.id AND b.at BETWEEN a.opens AND a.closes
) best
WHERE n <= 1;
