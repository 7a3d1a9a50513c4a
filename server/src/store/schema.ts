import type { Generated } from 'kysely'

/** The rows, as Kysely types them. JSON columns hold text; times are epoch milliseconds. */
export interface Schema {
  tasks: { id: string; document: string; plan_hash: string; paused: 0 | 1; created_at: number }
  /** Content-addressed files, and who may read them: `weights` and `sample` are public. */
  blobs: { sha256: string; kind: BlobKind; bytes: number; created_at: number }
  /** `id` follows from `public_key`, a JWK. */
  devices: {
    id: string
    public_key: string
    alg: string
    network: string
    created_at: number
    last_seen_at: number
    revoked_at: number | null
    revoked_reason: string | null
    quarantined_at: number | null
    quarantined_reason: string | null
  }
  /** Which device may serve which task. */
  enrolments: { device_id: string; task_id: string; created_at: number }
  /** Each invitation serves one device. */
  used_invitations: { id: string; device_id: string; expires_at: number }
  /** When a device was last asked, for the least-recently-used sampler. */
  selections: { task_id: string; device_id: string; last_round: number }
  /** `state` is the Round as JSON; the accepted updates of a collecting round are in `updates`. */
  rounds: {
    task_id: string
    number: number
    phase: string
    state: string
    summary: string
    opened_at: number
    closed_at: number | null
  }
  /** One row per device and round that it was asked in: its accepted or refused update. */
  updates: {
    task_id: string
    round_number: number
    device_id: string
    sha256: string
    bytes: number
    num_examples: number
    weight: number
    norm: number
    train_ms: number | null
    loss_before: number | null
    loss_after: number | null
    /** 'accepted' or a RejectCode. */
    verdict: string
    received_at: number
    /** To what the round came to, once it has: see `Likeness`. */
    cosine: number | null
    distance: number | null
    distance_rank: number | null
    /** The later round that it was judged in and counts in; null: the one that it was asked in. */
    counted_round: number | null
  }
  versions: {
    task_id: string
    version: number
    parent: number | null
    round_number: number | null
    status: string
    weights_sha256: string
    num_bytes: number
    optimizer_sha256: string | null
    /** What the updates came to; null where the task's rule does not go on from it. */
    aggregate_sha256: string | null
    participants: string
    plan_hash: string
    code_version: string
    data_digest: string
    created_at: number
    /** A Calibrator as JSON; null where none was fitted. */
    calibrator: string | null
    /** A ReplayOf as JSON; null of what a round made. */
    replay_of: string | null
    /** Weights that have the calibrator in them; null where there is none, or weights cannot hold it. */
    served_sha256: string | null
  }
  pointers: { task_id: string; pointer: 'head' | 'champion' | 'anchor'; version: number }
  pointer_moves: {
    id: Generated<number>
    task_id: string
    pointer: string
    from_version: number | null
    to_version: number
    actor: string
    reason: string
    at: number
  }
  /**
   * What the gate found, a row for each judgement; so they are the looks at each gate set, too. Append-only. `claim`:
   * whether "better than the anchor" was accepted, null where it was not claimed. `signature`: of `report`, as JSON.
   */
  judgements: {
    id: Generated<number>
    task_id: string
    version: number
    actor: string
    outcome: 'promoted' | 'waiting' | 'held' | 'rejected'
    reason: string
    at: number
    gate_sha256: string
    claim: 0 | 1 | null
    signature: string | null
    report: string
  }
  /** Digest of the distinct contents of a file's examples, read under a task's schema. */
  set_contents: { sha256: string; contents_sha256: string }
  /** Append-only; hash = SHA-256(previous hash ‖ canonical row). */
  audit: { seq: number; at: number; actor: string; action: string; detail: string; hash: string }
  /** People. `password` is a PHC string; a name is compared by its `name_key`. */
  accounts: {
    id: string
    name: string
    name_key: string
    role: string
    password: string | null
    oidc_issuer: string | null
    oidc_subject: string | null
    created_at: number
    disabled_at: number | null
    signed_in_at: number | null
  }
  /** Of every credential only the hash is kept. A used link is deleted. */
  links: { hash: string; account_id: string; created_at: number; expires_at: number }
  sessions: {
    hash: string
    account_id: string
    method: 'link' | 'password' | 'oidc'
    network: string
    created_at: number
    seen_at: number
    expires_at: number
  }
  /** Without an account it belongs to a machine. */
  api_tokens: {
    hash: string
    account_id: string | null
    name: string
    role: string
    created_at: number
    expires_at: number | null
    seen_at: number | null
  }
  /** Browsers in which somebody has signed in by password: attempts of others do not slow these down. */
  known_browsers: { hash: string; account_id: string; seen_at: number }
  move_requests: {
    id: Generated<number>
    task_id: string
    move: 'promote' | 'roll-back'
    version: number
    champion: number | null
    reason: string
    against_gate: number
    asked_by: string | null
    asked_as: string
    asked_at: number
    expires_at: number
    state: 'waiting' | 'approved' | 'refused'
    decided_as: string | null
    decided_at: number | null
  }
}

export type BlobKind = 'weights' | 'optimizer' | 'aggregate' | 'dataset' | 'sample'
