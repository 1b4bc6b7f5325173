-- SPDX-License-Identifier: GPL-3.0-or-later
-- A results file of Isthmus. results/README.md explains it to those who query it.
--
-- Large tables are WITHOUT ROWID with the key in the order of writing, so that rows are only ever appended and
-- no index is needed beside them. What a figure is (name, stat, region, label, window, unit) stands once,
-- in `cell`. Times are whole nanoseconds since the start of the run; an instant that never came is NULL.
-- application_id and user_version are set by the program in the transaction that makes these tables.

CREATE TABLE study (
    id INTEGER PRIMARY KEY,
    verb TEXT NOT NULL,
    argv TEXT NOT NULL,
    version TEXT NOT NULL,
    compiler TEXT NOT NULL,
    scenario_name TEXT NOT NULL,
    scenario_path TEXT NOT NULL,
    question TEXT NOT NULL,
    seed TEXT NOT NULL,                 -- decimal: 64 bits without a sign do not fit an INTEGER
    level REAL NOT NULL CHECK (level > 0 AND level < 1),
    replication_count INTEGER NOT NULL, -- asked for
    point_count INTEGER NOT NULL,       -- known from the start; a search may add others
    settings TEXT NOT NULL,             -- what else decides which runs are made, in words; mostly ''
    shard TEXT NOT NULL,                -- '2/5': the second fifth of the runs; '': all
    started TEXT NOT NULL,              -- ISO 8601, UTC
    complete INTEGER NOT NULL DEFAULT 0 CHECK (complete IN (0, 1))
) STRICT;

-- Who began a study stands in `study`; who went on with it, or made a shard of it, here.
CREATE TABLE resumption (
    study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    argv TEXT NOT NULL,
    version TEXT NOT NULL,
    compiler TEXT NOT NULL,
    started TEXT NOT NULL,
    PRIMARY KEY (study, number)
) STRICT, WITHOUT ROWID;

-- Resolved scenarios, each once: every parameter with its value, as YAML.
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
    replication INTEGER NOT NULL,
    seed TEXT NOT NULL,
    digest TEXT NOT NULL,               -- 16 hex digits; equal where the run is equal, bit for bit
    events INTEGER NOT NULL,
    simulated_ns INTEGER NOT NULL,
    wall_ns INTEGER NOT NULL,
    warmup_ns INTEGER NOT NULL,
    bin_ns INTEGER NOT NULL,            -- width of a bin of the series
    dropped INTEGER NOT NULL,           -- events and incidents that were counted only
    status TEXT NOT NULL CHECK (status IN ('done', 'interrupted')),
    version TEXT NOT NULL,              -- of the program that made it
    UNIQUE (point, replication)
) STRICT;

-- What a number is. region 'all': the total; window '' for series; stat '' but for latencies.
CREATE TABLE cell (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    stat TEXT NOT NULL,
    region TEXT NOT NULL,
    label_name TEXT NOT NULL,
    label TEXT NOT NULL,
    window TEXT NOT NULL,
    unit TEXT NOT NULL,
    UNIQUE (name, stat, region, label_name, label, window, unit)
) STRICT;

CREATE TABLE metric (
    run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    cell INTEGER NOT NULL REFERENCES cell (id),
    value REAL NOT NULL,
    PRIMARY KEY (run, cell)
) STRICT, WITHOUT ROWID;

CREATE TABLE histogram (
    run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    cell INTEGER NOT NULL REFERENCES cell (id),
    count INTEGER NOT NULL,
    min INTEGER NOT NULL,
    max INTEGER NOT NULL,
    mean REAL NOT NULL,
    PRIMARY KEY (run, cell)
) STRICT, WITHOUT ROWID;

-- The bins that hold something: count values between low and high, both included.
CREATE TABLE histogram_bin (
    run INTEGER NOT NULL,
    cell INTEGER NOT NULL,
    low INTEGER NOT NULL,
    high INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (run, cell, low),
    FOREIGN KEY (run, cell) REFERENCES histogram (run, cell) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- One value a bin of time: counts per second, shares (absent where nothing was counted), mean levels.
CREATE TABLE series (
    run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    cell INTEGER NOT NULL REFERENCES cell (id),
    t_ns INTEGER NOT NULL,              -- start of the bin
    value REAL NOT NULL,
    PRIMARY KEY (run, cell, t_ns)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    t_ns INTEGER NOT NULL,
    what TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident (
    run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    onset_ns INTEGER NOT NULL,
    detected_ns INTEGER,
    decided_ns INTEGER,
    promoted_ns INTEGER,
    published_ns INTEGER,
    restored_ns INTEGER,
    rpo_ns INTEGER,                     -- NULL: no failover
    writes_lost INTEGER NOT NULL,
    sessions_lost INTEGER NOT NULL,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE expectation (
    point INTEGER NOT NULL REFERENCES point (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('holds', 'fails', 'undecided', 'no data')),
    value REAL,
    low REAL,
    high REAL,
    PRIMARY KEY (point, number)
) STRICT, WITHOUT ROWID;

-- What the study found by its own rule of decision, in the order in which it is printed.
CREATE TABLE finding (
    study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('precision', 'compare', 'check', 'front', 'capacity', 'sensitivity')),
    point INTEGER,                      -- number of a point; NULL: of the study as a whole
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

-- Spans in which some fault acted.
CREATE TABLE fault (
    point INTEGER NOT NULL REFERENCES point (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    from_ns INTEGER NOT NULL,
    to_ns INTEGER NOT NULL,
    PRIMARY KEY (point, number)
) STRICT, WITHOUT ROWID;

-- Parameters of the study's first point that nobody measured and nobody set.
CREATE TABLE assumption (
    study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    value TEXT NOT NULL,
    meaning TEXT NOT NULL,
    PRIMARY KEY (study, path)
) STRICT, WITHOUT ROWID;

-- Two-sided quantiles, so that plain SQL can compute an interval: mean +- t * sd / sqrt(n), df = n - 1.
CREATE TABLE student_t (
    df INTEGER NOT NULL,
    level REAL NOT NULL,
    t REAL NOT NULL,
    PRIMARY KEY (df, level)
) STRICT, WITHOUT ROWID;

-- The variance is taken in two passes (a window for the mean, then the squares about it): the one-pass
-- formula loses all its digits where values are large and close together.
CREATE VIEW summary AS
WITH value AS (
    SELECT point.study AS study, point.number AS point, metric.cell AS cell, metric.value AS value,
           avg(metric.value) OVER (PARTITION BY point.study, point.number, metric.cell) AS mean
    FROM point JOIN run ON run.point = point.id AND run.status = 'done'
    JOIN metric ON metric.run = run.id
), moment AS (
    SELECT study, point, cell, count(*) AS n, min(mean) AS mean,
           sqrt(sum((value - mean) * (value - mean)) / (count(*) - 1) / count(*)) AS se
    FROM value GROUP BY study, point, cell
)
SELECT moment.study, moment.point, cell.name AS metric, cell.stat, cell.region,
       iif(cell.label_name = '', '', cell.label_name || '=' || cell.label) AS labels, cell.window,
       moment.n, moment.mean, moment.mean - t * se AS low, moment.mean + t * se AS high,
       study.level, cell.unit
FROM moment JOIN cell ON cell.id = moment.cell JOIN study ON study.id = moment.study
LEFT JOIN student_t ON df = moment.n - 1 AND student_t.level = study.level;

CREATE VIEW timeline AS
WITH value AS (
    SELECT point.study AS study, point.number AS point, series.cell AS cell, series.t_ns AS t_ns,
           series.value AS value,
           avg(series.value) OVER (PARTITION BY point.study, point.number, series.cell, series.t_ns) AS mean
    FROM point JOIN run ON run.point = point.id AND run.status = 'done'
    JOIN series ON series.run = run.id
), moment AS (
    SELECT study, point, cell, t_ns, count(*) AS n, min(mean) AS mean,
           sqrt(sum((value - mean) * (value - mean)) / (count(*) - 1) / count(*)) AS se
    FROM value GROUP BY study, point, cell, t_ns
)
SELECT moment.study, moment.point, cell.name AS metric, cell.region,
       iif(cell.label_name = '', '', cell.label_name || '=' || cell.label) AS labels, moment.t_ns,
       moment.n, moment.mean, moment.mean - t * se AS low, moment.mean + t * se AS high,
       study.level, cell.unit
FROM moment JOIN cell ON cell.id = moment.cell JOIN study ON study.id = moment.study
LEFT JOIN student_t ON df = moment.n - 1 AND student_t.level = study.level;

CREATE VIEW reauth_causes AS
SELECT study, point, region, substr(labels, length('cause=') + 1) AS cause, window, n, mean, low, high, level
FROM summary WHERE metric = 'reauths' AND labels LIKE 'cause=%';

-- RTO and its stages. An instant is held between the one before it and the restoration, and one that never
-- came takes no time of its own, so the stages always add up to rto_ns. All NULL where never restored.
CREATE VIEW incidents AS
WITH a AS (
    SELECT *, min(max(coalesce(detected_ns, onset_ns), onset_ns), restored_ns) AS d1 FROM incident
), b AS (
    SELECT *, min(max(coalesce(decided_ns, d1), d1), restored_ns) AS d2 FROM a
), c AS (
    SELECT *, min(max(coalesce(promoted_ns, d2), d2), restored_ns) AS d3 FROM b
), d AS (
    SELECT *, min(max(coalesce(published_ns, d3), d3), restored_ns) AS d4 FROM c
)
SELECT point.study, point.number AS point, run.replication, d.number, d.kind,
       onset_ns, detected_ns, decided_ns, promoted_ns, published_ns, restored_ns,
       restored_ns - onset_ns AS rto_ns, d1 - onset_ns AS detect_ns, d2 - d1 AS decide_ns,
       d3 - d2 AS promote_ns, d4 - d3 AS publish_ns, restored_ns - d4 AS drain_ns,
       rpo_ns, writes_lost, sessions_lost
FROM d JOIN run ON run.id = d.run AND run.status = 'done' JOIN point ON point.id = run.point;

-- Every point against point 0 of its study, replication by replication: both saw the same random numbers.
CREATE VIEW comparison AS
WITH pair AS (
    SELECT point.study AS study, point.number AS point, other.cell AS cell,
           base.value AS base, other.value AS value,
           avg(other.value - base.value)
               OVER (PARTITION BY point.study, point.number, other.cell) AS difference
    FROM point
    JOIN point AS base_point ON base_point.study = point.study AND base_point.number = 0
    JOIN run ON run.point = point.id AND run.status = 'done'
    JOIN run AS base_run ON base_run.point = base_point.id AND base_run.status = 'done'
                        AND base_run.replication = run.replication
    JOIN metric AS other ON other.run = run.id
    JOIN metric AS base ON base.run = base_run.id AND base.cell = other.cell
    WHERE point.number > 0
), moment AS (
    SELECT study, point, cell, count(*) AS n, avg(base) AS base_mean, avg(value) AS mean,
           min(difference) AS difference,
           sqrt(sum((value - base - difference) * (value - base - difference))
                / (count(*) - 1) / count(*)) AS se
    FROM pair GROUP BY study, point, cell
)
SELECT moment.study, moment.point, cell.name AS metric, cell.stat, cell.region,
       iif(cell.label_name = '', '', cell.label_name || '=' || cell.label) AS labels, cell.window,
       moment.n, base_mean, moment.mean, difference, difference - t * se AS low,
       difference + t * se AS high, study.level, cell.unit
FROM moment JOIN cell ON cell.id = moment.cell JOIN study ON study.id = moment.study
LEFT JOIN student_t ON df = moment.n - 1 AND student_t.level = study.level;
