-- The tables of Nexmark. Rows of the stream are never equal to one another but by chance, so there are no primary keys; q13's side table
-- is a table of its own, filled before the stream begins.
CREATE TABLE person(
    id BIGINT, name TEXT, email_address TEXT, credit_card TEXT, city TEXT, state TEXT, date_time TIMESTAMP, extra TEXT
);

CREATE TABLE auction(
    id BIGINT, item_name TEXT, description TEXT, initial_bid BIGINT, reserve BIGINT, date_time TIMESTAMP, expires TIMESTAMP,
    seller BIGINT, category BIGINT, extra TEXT
);

CREATE TABLE bid(
    auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, url TEXT, date_time TIMESTAMP, extra TEXT
);

-- Keys 0 to 9999, the value being the key's text.
CREATE TABLE side_input(key BIGINT PRIMARY KEY, value TEXT);
