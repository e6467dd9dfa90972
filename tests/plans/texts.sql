CREATE TABLE bids (auction BIGINT, channel TEXT, price BIGINT, at TIMESTAMP) WITH (append_only = true);
SELECT auction, DATE_FORMAT(at, 'yyyy-MM-dd') AS day, COUNT(*) AS bids, MIN(price), MAX(price), MAX(DATE_FORMAT(at, 'HH:mm')) AS minute FROM bids GROUP BY auction, DATE_FORMAT(at, 'yyyy-MM-dd') HAVING COUNT(*) > 1;
