-- Readers' answers that are no runs of one scenario (data/answer_store.py). id is the sha256 over kind, scenario,
-- facts_version, model_version and inputs; scenario is null where the answer depends on none; inputs and result are
-- JSON (data/plain.py).
CREATE TABLE answer (
    id VARCHAR PRIMARY KEY,
    kind VARCHAR NOT NULL,
    scenario VARCHAR,
    facts_version VARCHAR NOT NULL,
    model_version VARCHAR NOT NULL,
    inputs VARCHAR NOT NULL,
    result VARCHAR NOT NULL,
    seconds DOUBLE NOT NULL,
    created_at TIMESTAMP NOT NULL
);
