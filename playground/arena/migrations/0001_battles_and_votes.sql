-- Contenders, battles and votes. Plain SQL that SQLite and Postgres both read.

CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE contender (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    config TEXT NOT NULL,
    origin TEXT NOT NULL,
    retired INTEGER NOT NULL DEFAULT 0,
    created DOUBLE PRECISION NOT NULL
);

CREATE TABLE battle (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('blind', 'side_by_side')),
    a TEXT NOT NULL REFERENCES contender (id),
    b TEXT NOT NULL REFERENCES contender (id),
    voter TEXT NOT NULL,
    runner TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'ready', 'failed', 'interrupted', 'replaced')),
    turns TEXT NOT NULL,
    leaked TEXT NOT NULL DEFAULT '',
    replaces TEXT REFERENCES battle (id),
    created DOUBLE PRECISION NOT NULL,
    updated DOUBLE PRECISION NOT NULL,
    a_tokens INTEGER NOT NULL DEFAULT 0,
    b_tokens INTEGER NOT NULL DEFAULT 0,
    a_headers INTEGER NOT NULL DEFAULT 0,
    b_headers INTEGER NOT NULL DEFAULT 0,
    a_lists INTEGER NOT NULL DEFAULT 0,
    b_lists INTEGER NOT NULL DEFAULT 0,
    a_bold INTEGER NOT NULL DEFAULT 0,
    b_bold INTEGER NOT NULL DEFAULT 0,
    CHECK (a <> b)
);

CREATE INDEX battle_of_voter ON battle (voter, created);

CREATE INDEX battle_running ON battle (runner, updated) WHERE status = 'running';

-- What counts now. The pair is copied in, so that ratings are one index scan away however many votes there are.
CREATE TABLE vote (
    battle TEXT NOT NULL REFERENCES battle (id),
    source TEXT NOT NULL CHECK (source IN ('human', 'judge')),
    outcome TEXT NOT NULL CHECK (outcome IN ('a', 'b', 'tie', 'both_bad')),
    kind TEXT NOT NULL,
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    leaked INTEGER NOT NULL,
    revised INTEGER NOT NULL,
    voter TEXT NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (battle, source)
);

CREATE INDEX vote_counts ON vote (source, kind, leaked, revised, a, b, outcome, created);

CREATE INDEX vote_of_voter ON vote (voter, source, kind, outcome);

-- Votes that were taken back, in order. Lines are only ever added here.
CREATE TABLE vote_revision (
    battle TEXT NOT NULL REFERENCES battle (id),
    source TEXT NOT NULL,
    revision INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('a', 'b', 'tie', 'both_bad')),
    voter TEXT NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    undone DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (battle, source, revision)
);
