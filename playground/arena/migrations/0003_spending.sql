-- What has been spent or may yet be, by day (UTC) and by whom, in billionths of a US dollar.

-- scope is global, address or session; who is a salted hash, '' for global. A reservation is part of `taken` from
-- before its request goes out, so that what a killed process had asked for stays counted.
CREATE TABLE spending (
    day TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('global', 'address', 'session')),
    who TEXT NOT NULL,
    taken BIGINT NOT NULL,
    PRIMARY KEY (day, scope, who)
);
