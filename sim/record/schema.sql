-- SPDX-License-Identifier: GPL-3.0-or-later
-- Schema of an Isthmus results file; results/README.md describes it for queries.
--
-- `cell` identifies a statistic (name, stat, region, label, window, unit). A run adds rows to `metric`, `histogram`,
-- `run_series`, `event` and `incident`, and updates the roll-ups of its point (point_*) in the same transaction; the
-- views read the roll-ups. Times are integer nanoseconds since the start of the run; an instant that was never
-- reached is NULL. Binned data is JSON, one row per series: one row per bin took five times the space. The views
-- series, histogram_bin and timeline unpack it.
-- application_id and user_version are set by the program in the transaction that creates these tables.

CREATE TABLE study (
    id INTEGER PRIMARY KEY,
    verb TEXT NOT NULL,
    argv TEXT NOT NULL,
    version TEXT NOT NULL,
    compiler TEXT NOT NULL,
    scenario_name TEXT NOT NULL,
    scenario_path TEXT NOT NULL,
    question TEXT NOT NULL,
    seed TEXT NOT NULL,                 -- decimal: an unsigned 64-bit integer does not fit an INTEGER
    level REAL NOT NULL CHECK (level > 0 AND level < 1),
    replication_count INTEGER NOT NULL, -- requested
    point_count INTEGER NOT NULL,       -- known from the start; a search may add others
    settings TEXT NOT NULL,             -- other settings that decide which runs are done; usually ''
    shard TEXT NOT NULL,                -- '2/5': the second fifth of the runs; '': all
    started TEXT NOT NULL,              -- ISO 8601, UTC
    complete INTEGER NOT NULL DEFAULT 0 CHECK (complete IN (0, 1))
) STRICT;

-- The command that began a study is in `study`; those that resumed it, or ran a shard of it, are here.
CREATE TABLE resumption (
    study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    argv TEXT NOT NULL,
    version TEXT NOT NULL,
    compiler TEXT NOT NULL,
    started TEXT NOT NULL,
    PRIMARY KEY (study, number)
) STRICT, WITHOUT ROWID;

-- Resolved scenarios without duplicates: every parameter with its value, as YAML.
CREATE TABLE scenario_text (
    hash TEXT PRIMARY KEY,              -- 16 hex digits, 64-bit FNV-1a of text
    text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE point (
    id INTEGER PRIMARY KEY,
    study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,            -- 0 is the base of a comparison
    scenario_hash TEXT NOT NULL REFERENCES scenario_text (hash),
    duration_ns INTEGER NOT NULL,
    runs INTEGER NOT NULL DEFAULT 0,    -- number of runs in its roll-ups: all of them
    UNIQUE (study, number)
) STRICT;

CREATE TABLE point_param (
    point INTEGER NOT NULL REFERENCES point (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (point, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    point INTEGER NOT NULL REFERENCES point (id) ON DELETE CASCADE,
    replication INTEGER NOT NULL CHECK (replication >= 0),
    seed TEXT NOT NULL,
    digest TEXT NOT NULL,               -- 16 hex digits; equal runs, bit for bit, have equal digests
    events INTEGER NOT NULL CHECK (events >= 0),
    simulated_ns INTEGER NOT NULL CHECK (simulated_ns >= 0),
    wall_ns INTEGER NOT NULL,
    warmup_ns INTEGER NOT NULL CHECK (warmup_ns >= 0),
    bin_ns INTEGER NOT NULL CHECK (bin_ns > 0), -- width of a bin of the series
    dropped INTEGER NOT NULL,           -- events and incidents that were counted but not stored
    version TEXT NOT NULL,              -- of the program that ran it
    UNIQUE (point, replication)
) STRICT;

-- Identity of a statistic. region 'all': the total; window '': a series or histogram without one; stat '' except for
-- latencies.
CREATE TABLE cell (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    -- not IN: a list makes SQLite build a table of it for each row that is written
    kind TEXT NOT NULL CHECK (kind = 'count' OR kind = 'ratio' OR kind = 'level' OR kind = 'latency' OR kind = 'value'),
    stat TEXT NOT NULL,
    region TEXT NOT NULL,
    label_name TEXT NOT NULL,
    label TEXT NOT NULL,
    window TEXT NOT NULL,
    unit TEXT NOT NULL,
    UNIQUE (name, stat, region, label_name, label, window, unit, kind)
) STRICT;

-- A statistic of a run: a number; or censored (the run ended at that instant before the value was known, so it is
-- larger than any value the run could observe); or none, with a reason.
CREATE TABLE metric (
    run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    cell INTEGER NOT NULL REFERENCES cell (id),
    value REAL,
    numerator INTEGER CHECK (numerator >= 0),     -- exact; for counts (the count) and ratios
    denominator INTEGER CHECK (denominator >= 0), -- for ratios
    censored_ns INTEGER CHECK (censored_ns >= 0),
    reason TEXT,
    state TEXT AS (CASE WHEN value IS NOT NULL THEN 'number' WHEN censored_ns IS NOT NULL THEN 'censored' ELSE 'none' END),
    PRIMARY KEY (run, cell),
    CHECK ((value IS NOT NULL) + (censored_ns IS NOT NULL) + (reason IS NOT NULL) = 1)
) STRICT, WITHOUT ROWID;

-- The distribution of a latency.
CREATE TABLE histogram (
    run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    cell INTEGER NOT NULL REFERENCES cell (id),
    count INTEGER NOT NULL CHECK (count > 0),
    min INTEGER NOT NULL CHECK (min >= 0),
    max INTEGER NOT NULL CHECK (max >= min),
    mean REAL NOT NULL,
    sub_bits INTEGER NOT NULL,          -- precision: each power of two is divided into 2^sub_bits bins
    bins TEXT NOT NULL,                 -- {"bin": count}, without empty bins
    PRIMARY KEY (run, cell)
) STRICT;

-- One value per time bin: counts as [3,0], ratios as [[numerator,denominator],0] (0: both are), levels as [0.5,2].
CREATE TABLE run_series (
    run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    cell INTEGER NOT NULL REFERENCES cell (id),
    bins TEXT NOT NULL,
    PRIMARY KEY (run, cell)
) STRICT;

CREATE TABLE event (
    run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number > 0),
    t_ns INTEGER NOT NULL CHECK (t_ns >= 0),
    what TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    cause INTEGER CHECK (cause BETWEEN 1 AND number - 1),           -- number of the event that caused it
    waited_for INTEGER CHECK (waited_for BETWEEN 1 AND number - 1), -- number of the event it waited behind
    cause_text TEXT NOT NULL,           -- a cause that is not an event
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident (
    run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 0),
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,              -- the link, region or node that the fault hit; '': unknown
    cause INTEGER CHECK (cause > 0),    -- number of the event that opened it
    onset_ns INTEGER NOT NULL CHECK (onset_ns >= 0),
    detected_ns INTEGER CHECK (detected_ns >= 0),
    decided_ns INTEGER CHECK (decided_ns >= 0),
    promoted_ns INTEGER CHECK (promoted_ns >= 0),
    notified_ns INTEGER CHECK (notified_ns >= 0),
    published_ns INTEGER CHECK (published_ns >= 0),
    cached_ns INTEGER CHECK (cached_ns >= 0),
    restored_ns INTEGER CHECK (restored_ns >= 0),
    rpo_ns INTEGER CHECK (rpo_ns >= 0), -- NULL: no failover
    writes_lost INTEGER NOT NULL,
    sessions_lost INTEGER NOT NULL,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

-- Roll-ups: what the runs of a point come to. Mean, moments about it and extremes are over the n runs that have a
-- number. The estimate is what is printed: sum over sum of ratios, the quantile of all samples of all runs; else the
-- mean. Its interval is by the method for what the statistic is (sim/stats/estimate.h).
CREATE TABLE point_metric (
    point INTEGER NOT NULL REFERENCES point (id) ON DELETE CASCADE,
    cell INTEGER NOT NULL REFERENCES cell (id),
    n INTEGER NOT NULL,
    mean REAL,                          -- NULL if n is 0, as are the extremes
    m2 REAL,                            -- sum of (value - mean)^2
    min REAL,
    max REAL,
    low REAL,                           -- NULL if n is 1: no interval
    high REAL,
    numerator INTEGER,                  -- sums over all runs
    denominator INTEGER,
    censored INTEGER NOT NULL,          -- runs without a number: censored, or none
    none INTEGER NOT NULL,
    m3 REAL,                            -- sum of (value - mean)^3
    squares REAL,                       -- of ratios, sums over the runs: numerator^2,
    products REAL,                      -- numerator * denominator,
    denominator_squares REAL,
    estimate REAL,
    form TEXT NOT NULL,                 -- 'none': no event seen; 'all': only hits; 'equal': no spread seen; ''
    PRIMARY KEY (point, cell)
) STRICT, WITHOUT ROWID;

-- Differences of every point from point 0 of its study, paired by replication (common random numbers).
CREATE TABLE point_difference (
    point INTEGER NOT NULL REFERENCES point (id) ON DELETE CASCADE,
    cell INTEGER NOT NULL REFERENCES cell (id),
    n INTEGER NOT NULL,                 -- pairs
    base_mean REAL NOT NULL,
    difference REAL NOT NULL,           -- mean of (value - base)
    m2 REAL NOT NULL,                   -- sum of squared deviations from it
    low REAL,
    high REAL,
    PRIMARY KEY (point, cell)
) STRICT, WITHOUT ROWID;

-- The merged histograms of all runs.
CREATE TABLE point_histogram (
    point INTEGER NOT NULL REFERENCES point (id) ON DELETE CASCADE,
    cell INTEGER NOT NULL REFERENCES cell (id),
    count INTEGER NOT NULL,
    min INTEGER NOT NULL,
    max INTEGER NOT NULL,
    mean REAL NOT NULL,
    sub_bits INTEGER NOT NULL,
    bins TEXT NOT NULL,
    PRIMARY KEY (point, cell)
) STRICT;

-- Per bin over all runs: the mean if all are equal, otherwise [mean,sd], or [mean,sd,n] if only n runs have a value;
-- null if none has. Means to 12 digits, deviations to 8.
CREATE TABLE point_series (
    point INTEGER NOT NULL REFERENCES point (id) ON DELETE CASCADE,
    cell INTEGER NOT NULL REFERENCES cell (id),
    runs INTEGER NOT NULL,
    bin_ns INTEGER NOT NULL,
    bins TEXT NOT NULL,
    PRIMARY KEY (point, cell)
) STRICT;

CREATE TABLE expectation (
    point INTEGER NOT NULL REFERENCES point (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('holds', 'fails', 'undecided', 'no data')),
    value REAL,
    low REAL,
    high REAL,
    reason TEXT NOT NULL,               -- why values are missing, if that affects the verdict; usually ''
    PRIMARY KEY (point, number)
) STRICT, WITHOUT ROWID;

-- Findings of the study, in the order in which they are printed.
CREATE TABLE finding (
    study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('precision', 'compare', 'check', 'front', 'capacity', 'sensitivity', 'lesson')),
    point INTEGER,                      -- number of a point; NULL: the whole study
    subject TEXT NOT NULL,              -- a metric, or a parameter
    verdict TEXT NOT NULL,
    n INTEGER NOT NULL,
    value REAL,                         -- a mean, a difference, a limit, an effect
    low REAL,
    high REAL,
    unit TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (study, number)
) STRICT, WITHOUT ROWID;

-- Intervals with an active fault.
CREATE TABLE fault (
    point INTEGER NOT NULL REFERENCES point (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    from_ns INTEGER NOT NULL,
    to_ns INTEGER NOT NULL,
    PRIMARY KEY (point, number)
) STRICT, WITHOUT ROWID;

-- Parameters of the study's first point that have no source and had their default value.
CREATE TABLE assumption (
    study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    value TEXT NOT NULL,
    meaning TEXT NOT NULL,
    PRIMARY KEY (study, path)
) STRICT, WITHOUT ROWID;

-- Student's two-sided quantiles: an interval is mean +- t * sd / sqrt(n), and half_sds is t / sqrt(n).
CREATE TABLE student_t (
    n INTEGER NOT NULL,                 -- values, so n - 1 degrees of freedom
    level REAL NOT NULL,
    t REAL NOT NULL,
    half_sds REAL NOT NULL,
    PRIMARY KEY (n, level)
) STRICT, WITHOUT ROWID;

CREATE VIEW summary AS
SELECT point.study, point.number AS point, cell.name AS metric, cell.stat, cell.region,
       iif(cell.label_name = '', '', cell.label_name || '=' || cell.label) AS labels, cell.window,
       n, estimate AS mean, low, high, study.level, cell.unit, censored, none, min, max, numerator, denominator, form
FROM study JOIN point ON point.study = study.id JOIN point_metric ON point_metric.point = point.id
JOIN cell ON cell.id = point_metric.cell;

-- Bounds are Student's, of the difference of two shares on the scale of Fisher's z, so that none is beyond -1 and 1.
CREATE VIEW comparison AS
SELECT point.study, point.number AS point, cell.name AS metric, cell.stat, cell.region,
       iif(cell.label_name = '', '', cell.label_name || '=' || cell.label) AS labels, cell.window,
       n, base_mean, base_mean + difference AS mean, difference,
       iif(cell.unit = 'share' AND abs(difference) < 1, tanh(atanh(difference) - (high - low) / 2 / (1 - difference * difference)), low) AS low,
       iif(cell.unit = 'share' AND abs(difference) < 1, tanh(atanh(difference) + (high - low) / 2 / (1 - difference * difference)), high) AS high,
       study.level, cell.unit
FROM study JOIN point ON point.study = study.id JOIN point_difference ON point_difference.point = point.id
JOIN cell ON cell.id = point_difference.cell;

CREATE VIEW reauth_causes AS
SELECT study, point, region, substr(labels, length('cause=') + 1) AS cause, window, n, mean, low, high, level
FROM summary WHERE metric = 'reauths' AND labels LIKE 'cause=%';

-- stat: of a latency p50 and p99, the mean of the runs' own in that bin. Ratios are sum over sum, and their bounds are stored. Other bounds are Student's on the log scale, of shares on the
-- logit scale, so that none is impossible; the upper one of fewer than four runs is on the plain scale. Of events that no
-- run had in a bin the upper bound is that of Poisson's law. error: the half-width over the slope of the scale.
CREATE VIEW timeline AS
WITH bin AS (
    SELECT point_series.point, cell, json_each.key * bin_ns AS t_ns, bin_ns,
           iif(json_each.type = 'array', json_extract(json_each.value, '$[0]'), json_each.value) AS mean,
           iif(kind <> 'ratio' AND json_each.type = 'array', json_extract(json_each.value, '$[1]'), 0.0) AS sd,
           CASE WHEN kind = 'ratio' THEN json_extract(json_each.value, '$[3]')
                WHEN json_each.type = 'array' THEN coalesce(json_extract(json_each.value, '$[2]'), runs) ELSE runs END AS n,
           iif(kind = 'ratio', json_extract(json_each.value, '$[1]'), NULL) AS stored_low,
           iif(kind = 'ratio', json_extract(json_each.value, '$[2]'), NULL) AS stored_high
    FROM point_series JOIN cell ON cell.id = cell, json_each(point_series.bins) WHERE json_each.type <> 'null'
), half AS (
    SELECT point.study, point.number AS point, cell.name AS metric, cell.stat, cell.region,
           iif(cell.label_name = '', '', cell.label_name || '=' || cell.label) AS labels, t_ns, bin_ns, bin.n, mean, sd,
           half_sds * sd AS half, study.level, cell.unit, cell.kind, stored_low, stored_high,
           CASE WHEN sd <= 0 OR mean <= 0 THEN 0.0
                WHEN cell.unit = 'share' AND mean < 1 THEN min(half_sds * sd / (mean * (1 - mean)), 700)
                ELSE min(half_sds * sd / mean, 700) END AS error
    FROM study JOIN point ON point.study = study.id JOIN bin ON bin.point = point.id JOIN cell ON cell.id = bin.cell
    LEFT JOIN student_t ON student_t.n = bin.n AND student_t.level = study.level
)
SELECT study, point, metric, stat, region, labels, t_ns, n, mean,
       CASE WHEN kind = 'ratio' THEN stored_low WHEN half IS NULL THEN NULL WHEN sd <= 0 OR mean <= 0 THEN mean
            WHEN unit = 'share' AND mean < 1 THEN 1 - 1 / (1 + mean / (1 - mean) * exp(-error))
            ELSE mean * exp(-error) END AS low,
       CASE WHEN kind = 'ratio' THEN stored_high WHEN half IS NULL THEN NULL
            WHEN kind = 'count' AND mean <= 0 THEN -ln((1 - level) / 2) / (n * bin_ns / 1e9)
            WHEN sd <= 0 OR mean <= 0 THEN mean
            WHEN unit = 'share' AND mean < 1 THEN 1 - 1 / (1 + mean / (1 - mean) * exp(error))
            WHEN n < 4 THEN mean + half ELSE mean * exp(error) END AS high,
       level, unit
FROM half;

-- One value per bin of a run: counts per second, ratios (absent if nothing was counted), mean levels.
CREATE VIEW series AS
SELECT run_series.run, run_series.cell, json_each.key * bin_ns AS t_ns,
       CASE kind WHEN 'count' THEN json_each.value / (min(bin_ns, simulated_ns - json_each.key * bin_ns) / 1e9)
                 WHEN 'ratio' THEN 1.0 * json_extract(json_each.value, '$[0]') / json_extract(json_each.value, '$[1]')
                 ELSE json_each.value END AS value,
       CASE kind WHEN 'count' THEN json_each.value WHEN 'ratio' THEN json_extract(json_each.value, '$[0]') END AS numerator,
       CASE kind WHEN 'ratio' THEN json_extract(json_each.value, '$[1]') END AS denominator
FROM run_series JOIN run ON run.id = run_series.run JOIN cell ON cell.id = run_series.cell, json_each(run_series.bins)
WHERE CASE kind WHEN 'ratio' THEN json_each.type = 'array' AND json_extract(json_each.value, '$[1]') > 0
                ELSE json_each.type <> 'null' END;

-- Non-empty bins: `count` values from low to high, inclusive. Bin b >= 2^sub_bits has the values whose leading bits
-- are 2^sub_bits + b % 2^sub_bits.
CREATE VIEW histogram_bin AS
WITH bin AS (
    SELECT run, cell, CAST(json_each.key AS INTEGER) AS bin, json_each.value AS count, sub_bits,
           max(CAST(json_each.key AS INTEGER) / (1 << sub_bits) - 1, 0) AS shift
    FROM histogram, json_each(histogram.bins)
)
SELECT run, cell, (bin - (shift << sub_bits)) << shift AS low,
       ((bin - (shift << sub_bits)) << shift) + (1 << shift) - 1 AS high, count
FROM bin;

-- RTO and its stages. Each stage ends at its instant, or when the next one does, or with the restoration, whichever is
-- first, so the stages always add up to rto_ns: an outage that passes without an alarm is all `detect`. All NULL if
-- never restored. The same as metric rto_stage.
CREATE VIEW incidents AS
WITH f AS (
    SELECT *, max(min(coalesce(cached_ns, restored_ns), restored_ns), onset_ns) AS d6 FROM incident
), e AS (
    SELECT *, max(min(coalesce(published_ns, d6), d6), onset_ns) AS d5 FROM f
), d AS (
    SELECT *, max(min(coalesce(notified_ns, d5), d5), onset_ns) AS d4 FROM e
), c AS (
    SELECT *, max(min(coalesce(promoted_ns, d4), d4), onset_ns) AS d3 FROM d
), b AS (
    SELECT *, max(min(coalesce(decided_ns, d3), d3), onset_ns) AS d2 FROM c
), a AS (
    SELECT *, max(min(coalesce(detected_ns, d2), d2), onset_ns) AS d1 FROM b
)
SELECT point.study, point.number AS point, run.replication, a.number, a.kind,
       a.subject, a.cause, onset_ns, detected_ns, decided_ns, promoted_ns, notified_ns, published_ns, cached_ns,
       restored_ns, restored_ns - onset_ns AS rto_ns, d1 - onset_ns AS detect_ns, d2 - d1 AS decide_ns,
       d3 - d2 AS promote_ns, d4 - d3 AS notify_ns, d5 - d4 AS publish_ns, d6 - d5 AS cache_ns,
       restored_ns - d6 AS reconnect_ns, rpo_ns, writes_lost, sessions_lost
FROM a JOIN run ON run.id = a.run JOIN point ON point.id = run.point;
