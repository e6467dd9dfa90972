-- Flights that left New York City in the first months of 2013: who is late, and does the wind matter?
-- `deltaq run examples/flights/delays.sql` from the root of the repository; paths are relative to this file.

CREATE TABLE airlines (
    carrier TEXT PRIMARY KEY,
    name    TEXT NOT NULL
) WITH (connector = 'file', path = 'data/airlines.csv');

CREATE TABLE planes (
    tailnum TEXT PRIMARY KEY,
    year    INT,                    -- of manufacture
    manufacturer TEXT,
    model   TEXT,
    seats   INT
) WITH (connector = 'file', path = 'data/planes.csv.gz', null = 'NA');

CREATE TABLE weather (
    origin     TEXT NOT NULL,
    time_hour  TIMESTAMPTZ NOT NULL,
    wind_speed DOUBLE,              -- miles an hour
    precip     DOUBLE,              -- inches
    visib      DOUBLE,              -- miles
    PRIMARY KEY (origin, time_hour)
) WITH (connector = 'file', path = 'data/weather.csv.gz', null = 'NA');

CREATE TABLE flights (
    year      INT NOT NULL,
    month     INT NOT NULL,
    day       INT NOT NULL,
    carrier   TEXT NOT NULL,
    flight    INT NOT NULL,
    origin    TEXT NOT NULL,
    dest      TEXT NOT NULL,
    tailnum   TEXT,
    time_hour TIMESTAMPTZ NOT NULL, -- the hour it was to leave in
    dep_delay INT,                  -- minutes; NULL: it did not leave
    arr_delay INT,
    air_time  INT,
    distance  INT NOT NULL,         -- miles
    PRIMARY KEY (year, month, day, carrier, flight, origin)
) WITH (connector = 'file', path = 'data/flights.csv.gz', null = 'NA');

-- Each flight with its airline, and with its plane and the weather at its airport where they are known.
CREATE VIEW departures AS
SELECT f.origin, f.dest, a.name AS airline, p.manufacturer, p.seats, w.wind_speed, w.visib, f.dep_delay, f.distance
FROM flights f
JOIN airlines a ON a.carrier = f.carrier
LEFT JOIN planes p ON p.tailnum = f.tailnum
LEFT JOIN weather w ON w.origin = f.origin AND w.time_hour = f.time_hour;

CREATE VIEW delays AS
SELECT airline,
       COUNT(*)                                     AS flights,
       COUNT(*) - COUNT(dep_delay)                  AS cancelled,
       COUNT(*) FILTER (WHERE dep_delay >= 15)      AS late,
       ROUND(AVG(dep_delay), 2)                     AS mean_delay,
       MAX(dep_delay)                               AS worst_delay,
       SUM(seats)                                   AS seats
FROM departures
GROUP BY airline;

CREATE VIEW delays_by_wind AS
SELECT CASE WHEN wind_speed IS NULL THEN 'unknown'
            WHEN wind_speed < 10 THEN 'under 10 mph'
            WHEN wind_speed < 20 THEN '10 to 20 mph'
            WHEN wind_speed < 30 THEN '20 to 30 mph'
            ELSE '30 mph and more' END              AS wind,
       COUNT(*)                                     AS flights,
       COUNT(*) - COUNT(dep_delay)                  AS cancelled,
       ROUND(AVG(dep_delay), 2)                     AS mean_delay
FROM departures
GROUP BY 1;

SELECT * FROM delays ORDER BY mean_delay DESC;

SELECT * FROM delays_by_wind ORDER BY mean_delay;

-- From here on the changes of both views are printed as they follow, with their weights.
.watch delays
.watch delays_by_wind
.changes on

.read corrections.sql

SELECT * FROM delays WHERE airline IN ('Hawaiian Airlines Inc.', 'SkyWest Airlines Inc.') ORDER BY airline;

-- Recomputed from the tables as they are now, the view is the same.
.check delays
