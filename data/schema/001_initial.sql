-- One row a migration.
CREATE TABLE schema_version (
    version INTEGER PRIMARY KEY,
    applied_at TIMESTAMP NOT NULL  -- UTC, as every time here
);

-- The facts of data/facts/*.toml, all of one version. value is JSON: a number, a text, or columns, units and rows;
-- low and high are the plausible range; feeds is the scenario input whose default this is.
CREATE TABLE source (
    id VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,
    publisher VARCHAR NOT NULL,
    address VARCHAR,
    document VARCHAR
);
CREATE TABLE fact (
    id VARCHAR PRIMARY KEY,
    version VARCHAR NOT NULL,
    theme VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    unit VARCHAR,
    date VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    confidence VARCHAR NOT NULL,
    low DOUBLE,
    high DOUBLE,
    feeds VARCHAR,
    note VARCHAR
);

-- Imported daily prices, USD: one file a symbol, named by its sha256.
CREATE TABLE price (
    symbol VARCHAR NOT NULL,
    date DATE NOT NULL,
    open DOUBLE,
    high DOUBLE,
    low DOUBLE,
    close DOUBLE NOT NULL,
    volume_usd DOUBLE,
    file_sha256 VARCHAR NOT NULL,
    PRIMARY KEY (symbol, date)
);

-- What a live source reported.
CREATE TABLE observation (
    series VARCHAR NOT NULL,
    observed_at TIMESTAMP NOT NULL,
    source VARCHAR NOT NULL,
    value DOUBLE NOT NULL,
    unit VARCHAR NOT NULL,
    PRIMARY KEY (series, observed_at, source)
);

-- Content-addressed: digest is the sha256 of inputs, the scenario's canonical JSON.
CREATE TABLE scenario (
    digest VARCHAR PRIMARY KEY,
    inputs VARCHAR NOT NULL,
    name VARCHAR,
    created_at TIMESTAMP NOT NULL
);

-- id is the sha256 over kind, scenario, facts_version, model_version and parameters (data/records.py).
-- parameters and summary are JSON; what a kind needs besides its scenario (seed, paths, shocks) is a parameter.
CREATE TABLE run (
    id VARCHAR PRIMARY KEY,
    kind VARCHAR NOT NULL,
    scenario VARCHAR NOT NULL,
    facts_version VARCHAR NOT NULL,
    model_version VARCHAR NOT NULL,
    parameters VARCHAR NOT NULL,
    summary VARCHAR NOT NULL,
    seconds DOUBLE NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- The headline figures one by one: end.V is the vault at the end.
CREATE VIEW run_summary AS
SELECT run.id AS run, figure.fullkey[3:] AS name, CAST(figure.atom AS DOUBLE) AS value
FROM run, json_tree(run.summary) AS figure
WHERE figure.type IN ('DOUBLE', 'UBIGINT', 'BIGINT', 'NULL');

-- Quantiles over many paths.
CREATE TABLE run_quantile (
    run VARCHAR NOT NULL,
    variable VARCHAR NOT NULL,
    month INTEGER NOT NULL,
    quantile DOUBLE NOT NULL,
    value DOUBLE NOT NULL
);

-- A projection's frame as models/projection.py declares it: one row a step, IO and USD. SQL names ignore case, and
-- K is the stake, so the payout target k is k_target here.
CREATE TABLE run_step (
    run VARCHAR NOT NULL,
    step BIGINT NOT NULL,
    month BIGINT NOT NULL,
    m BIGINT NOT NULL,
    j BIGINT NOT NULL,
    date DATE NOT NULL,
    shortfall BOOLEAN NOT NULL,
    empty BOOLEAN NOT NULL,
    underpaid BOOLEAN NOT NULL,
    residual DOUBLE NOT NULL,
    price DOUBLE NOT NULL,
    demand DOUBLE NOT NULL,
    revenue DOUBLE NOT NULL,
    unserved DOUBLE NOT NULL,
    target DOUBLE NOT NULL,
    psi DOUBLE,     -- null: nothing is owed
    paid DOUBLE NOT NULL,
    fee_vault_draw DOUBLE NOT NULL,
    short DOUBLE NOT NULL,
    coverage DOUBLE NOT NULL,
    pay DOUBLE NOT NULL,
    surplus DOUBLE NOT NULL,
    burn_usd DOUBLE NOT NULL,
    fee_vault_in DOUBLE NOT NULL,
    lost_usd DOUBLE NOT NULL,
    unlocked DOUBLE NOT NULL,
    emitted DOUBLE NOT NULL,
    released DOUBLE NOT NULL,
    burned_market DOUBLE NOT NULL,
    burned_vault DOUBLE NOT NULL,
    burned_unissued DOUBLE NOT NULL,
    refilled DOUBLE NOT NULL,
    overflow_burned DOUBLE NOT NULL,
    retired DOUBLE NOT NULL,
    staked DOUBLE NOT NULL,
    unstaked DOUBLE NOT NULL,
    cooled DOUBLE NOT NULL,
    runway DOUBLE,  -- null: no gap to pay from the vaults
    k_lowered DOUBLE NOT NULL,
    U DOUBLE NOT NULL,
    V DOUBLE NOT NULL,
    L DOUBLE NOT NULL,
    C DOUBLE NOT NULL,
    K DOUBLE NOT NULL,
    Q DOUBLE NOT NULL,
    B DOUBLE NOT NULL,
    F DOUBLE NOT NULL,
    N DOUBLE NOT NULL,
    k_target DOUBLE NOT NULL,
    g DOUBLE NOT NULL,
    x DOUBLE NOT NULL,
    y DOUBLE NOT NULL,
    burned DOUBLE NOT NULL,
    circulating DOUBLE NOT NULL,
    reserve_usd DOUBLE NOT NULL
);
