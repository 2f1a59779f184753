-- What a stress run counted, packed (data/stress_runs.py): enough to read every answer again, to replay any of its
-- paths and to go on with more of them. family is the sha256 over all that decides its paths but how many there are.
CREATE TABLE run_counts (
    run VARCHAR PRIMARY KEY,
    family VARCHAR NOT NULL,
    paths BIGINT NOT NULL,
    device VARCHAR NOT NULL,
    counts_sha256 VARCHAR NOT NULL,
    packed BLOB NOT NULL
);
