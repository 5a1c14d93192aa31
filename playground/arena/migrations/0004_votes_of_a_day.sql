-- How many votes came from one address or account in a day (UTC), where there is a limit; who is a salted hash.
CREATE TABLE votes_of_day (
    day TEXT NOT NULL,
    who TEXT NOT NULL,
    votes INTEGER NOT NULL,
    PRIMARY KEY (day, who)
);
