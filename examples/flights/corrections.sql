-- Corrections to delays.sql's tables: what a data steward might find, made up but for the wind of 12 February.

-- Hawaiian 51 left 130 minutes late on 9 January, not 1301.
UPDATE flights SET dep_delay = 130, arr_delay = 101
WHERE month = 1 AND day = 9 AND carrier = 'HA' AND flight = 51;

-- The only flight of SkyWest was another airline's: SkyWest's row goes, and no row takes its place.
DELETE FROM flights WHERE carrier = 'OO';

-- A flight that had been forgotten.
INSERT INTO flights (year, month, day, carrier, flight, origin, dest, tailnum, time_hour, dep_delay, arr_delay, air_time, distance)
VALUES (2013, 1, 2, 'F9', 999, 'LGA', 'DEN', 'N201FR', '2013-01-02 18:00:00+00', 21, 14, 251, 1620);

-- The wind at Newark that the instruments missed: 27 flights of that hour change rows, by one row that changed.
UPDATE weather SET wind_speed = 11.5 WHERE origin = 'EWR' AND wind_speed IS NULL;

-- Winds of 1048 miles an hour were measured at Newark, in an hour of the night without departures: no view changes.
UPDATE weather SET wind_speed = 10.5 WHERE wind_speed > 1000;

-- Two at once, one step for both views: a plane that the register lacks, and a missing hour of weather.
BEGIN;
INSERT INTO planes VALUES ('N725MQ', 2000, 'EMBRAER', 'EMB-145', 50);
INSERT INTO weather VALUES ('EWR', '2013-01-01 17:00:00+00', 31.1, 0, 10);
COMMIT;
