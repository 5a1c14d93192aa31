-- What the leaderboard asks for: what a prompt is about, the figures of each side, counts that are ready to read.

ALTER TABLE battle ADD COLUMN category TEXT NOT NULL DEFAULT '';
ALTER TABLE battle ADD COLUMN a_ttft_s DOUBLE PRECISION;
ALTER TABLE battle ADD COLUMN b_ttft_s DOUBLE PRECISION;
ALTER TABLE battle ADD COLUMN a_cost DOUBLE PRECISION;
ALTER TABLE battle ADD COLUMN b_cost DOUBLE PRECISION;

-- Covering, because the transcript stands before these columns and would have to be read over.
CREATE INDEX battle_of_a ON battle (a, status, kind, created, id, a_ttft_s, a_cost);
CREATE INDEX battle_of_b ON battle (b, status, kind, created, id, b_ttft_s, b_cost);

-- longer: 1 where the answers in seat a had more tokens, -1 where those in seat b had, 0 for neither or unknown.
ALTER TABLE vote ADD COLUMN category TEXT NOT NULL DEFAULT '';
ALTER TABLE vote ADD COLUMN longer INTEGER NOT NULL DEFAULT 0;

UPDATE vote SET longer = (
    SELECT CASE WHEN a_tokens > b_tokens THEN 1 WHEN a_tokens < b_tokens THEN -1 ELSE 0 END
    FROM battle WHERE battle.id = vote.battle
);

DROP INDEX vote_counts;
CREATE INDEX vote_counts ON vote (source, kind, revised, leaked, a, b, outcome, created, category, longer);
CREATE INDEX vote_in_time ON vote (created, battle, source);

-- The votes that are not revised, counted: written with each vote, so that a leaderboard costs pairs, not votes.
-- Each vote is in two rows, one of its category and one of 'all'.
CREATE TABLE pair_count (
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    category TEXT NOT NULL,
    leaked INTEGER NOT NULL,
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    won_a INTEGER NOT NULL,
    won_b INTEGER NOT NULL,
    ties INTEGER NOT NULL,
    both_bad INTEGER NOT NULL,
    longer_won INTEGER NOT NULL,
    longer_lost INTEGER NOT NULL,
    PRIMARY KEY (source, kind, category, leaked, a, b)
);

INSERT INTO pair_count
SELECT
    source, kind, 'all', leaked, a, b,
    SUM(CASE WHEN outcome = 'a' THEN 1 ELSE 0 END),
    SUM(CASE WHEN outcome = 'b' THEN 1 ELSE 0 END),
    SUM(CASE WHEN outcome = 'tie' THEN 1 ELSE 0 END),
    SUM(CASE WHEN outcome = 'both_bad' THEN 1 ELSE 0 END),
    SUM(CASE WHEN (outcome = 'a' AND longer = 1) OR (outcome = 'b' AND longer = -1) THEN 1 ELSE 0 END),
    SUM(CASE WHEN (outcome = 'a' AND longer = -1) OR (outcome = 'b' AND longer = 1) THEN 1 ELSE 0 END)
FROM vote WHERE revised = 0
GROUP BY source, kind, leaked, a, b;
