-- Scenarios that a reader keeps under a name (data/saved.py); scenario is the digest of its inputs. One that was
-- deleted keeps its row, so that it can be taken back.
CREATE TABLE saved_scenario (
    id VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,
    scenario VARCHAR NOT NULL,
    saved_at TIMESTAMP NOT NULL,
    deleted_at TIMESTAMP
);
