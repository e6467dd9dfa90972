CREATE TABLE bids (auction BIGINT, channel TEXT, price BIGINT, at TIMESTAMP);
SELECT CAST(auction AS TEXT) AS auction, TO_CHAR(at, 'YYYY-MM-DD HH24') AS hour, COUNT(*) AS bids FROM bids GROUP BY CAST(auction AS TEXT), TO_CHAR(at, 'YYYY-MM-DD HH24');
