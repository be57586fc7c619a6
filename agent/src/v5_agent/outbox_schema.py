"""The outbox's tables. Scripts are only ever appended: an older program must still open the file (rollback)."""

from __future__ import annotations

from typing import Final

MIGRATIONS: Final = (
    """
    CREATE TABLE outbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        event_id TEXT NOT NULL UNIQUE,
        aggregate_type TEXT NOT NULL,
        aggregate_id TEXT NOT NULL,
        type TEXT NOT NULL,
        payload BLOB NOT NULL,
        checksum INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_attempt_at INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'quarantined')),
        sent_at INTEGER,
        last_error TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE INDEX outbox_queued ON outbox (seq) WHERE state = 'queued';
    CREATE INDEX outbox_waiting ON outbox (aggregate_id, seq) WHERE state = 'queued';
    CREATE INDEX outbox_sent ON outbox (sent_at) WHERE state = 'sent';

    -- What was captured last of each aggregate and way in: an unchanged re-read adds nothing, a change back is a new event.
    CREATE TABLE latest (
        aggregate_id TEXT NOT NULL,
        origin TEXT NOT NULL,
        revision BLOB NOT NULL,
        turn INTEGER NOT NULL,
        PRIMARY KEY (aggregate_id, origin)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE watermark (
        source TEXT NOT NULL,
        stream TEXT NOT NULL,
        cursor_json TEXT,
        updated_at INTEGER NOT NULL,
        PRIMARY KEY (source, stream)
    ) STRICT;

    CREATE TABLE quarantine (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        ref TEXT NOT NULL,
        code TEXT NOT NULL,
        message TEXT NOT NULL,
        raw TEXT NOT NULL DEFAULT '',
        event_id TEXT,
        seen INTEGER NOT NULL DEFAULT 1,
        first_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        UNIQUE (source, ref, code)
    ) STRICT;

    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

    -- Answers given at the till, by idempotency key.
    CREATE TABLE answer (
        request_id TEXT PRIMARY KEY,
        operation TEXT NOT NULL,
        digest BLOB NOT NULL,
        body TEXT NOT NULL,
        aggregate_id TEXT,
        created_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX answer_aggregate ON answer (aggregate_id) WHERE aggregate_id IS NOT NULL;

    -- What the till did to a customer's points. `settled`: the cloud knows; `seen`: the replica shows it. A hold has `expires_at`
    -- until the sale that used it is committed.
    CREATE TABLE effect (
        id TEXT PRIMARY KEY,
        customer TEXT NOT NULL,
        spent INTEGER NOT NULL DEFAULT 0,
        earned INTEGER NOT NULL DEFAULT 0,
        amount INTEGER NOT NULL DEFAULT 0,
        expires_at INTEGER,
        event_id TEXT,
        offline INTEGER NOT NULL DEFAULT 0,
        settled INTEGER NOT NULL DEFAULT 0,
        seen INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX effect_customer ON effect (customer);
    CREATE INDEX effect_event ON effect (event_id);

    -- Signals of the cloud already obeyed.
    CREATE TABLE signal (signal_id TEXT PRIMARY KEY, kind TEXT NOT NULL, handled_at INTEGER NOT NULL) STRICT;
    """,
    """
    -- What the till used of codes, stored value and limited rules; the columns mean what they mean in `effect`.
    CREATE TABLE taken (
        id TEXT NOT NULL,
        what TEXT NOT NULL,
        customer TEXT NOT NULL DEFAULT '',
        programme TEXT NOT NULL DEFAULT '',
        amount INTEGER NOT NULL,
        expires_at INTEGER,
        event_id TEXT,
        offline INTEGER NOT NULL DEFAULT 0,
        settled INTEGER NOT NULL DEFAULT 0,
        seen INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (id, what)
    ) STRICT;
    CREATE INDEX taken_what ON taken (what) WHERE seen = 0;
    CREATE INDEX taken_event ON taken (event_id);
    """,
)
