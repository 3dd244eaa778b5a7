/**
 * Which texts of errors may be told, in log lines and spans. Most errors quote what they choke on: a body, a row, a password. So none is
 * told but those of our own words, which say so where they are made, and those of others that hold nothing but names and numbers.
 */

/** What stands for a text that is not told. Type, code and stack beside it say where its words are. */
export const WITHHELD = '(withheld)'

/** Our own words are few; those that hold ids or numbers make more of them, and the oldest go. */
const KEPT = 1_000
const own = new Set<string>()

/** Marks a message as fit for logs and spans: made of our own words, names and numbers, not of what somebody sent or stored. Returns it. */
export function told(text: string): string {
  own.delete(text)
  if (own.size >= KEPT) for (const oldest of own.values().take(1)) own.delete(oldest)
  own.add(text)
  return text
}

/** The text, if it may be told. */
export function tell(text: string): string {
  return own.has(text) || FOREIGN.test(text) ? text : WITHHELD
}

/** Of Node, the drivers and PostgreSQL: whole messages, whose only variable parts are identifiers of the schema, error codes and IP addresses. */
const FOREIGN = new RegExp(
  `^(?:${[
    String.raw`(?:connect|read|write|send|bind|listen|accept) E[A-Z]{2,15}(?: [\d.:a-f[\]]{1,50})?`,
    'fetch failed',
    'socket hang up',
    'other side closed',
    'aborted',
    '(?:This|The) operation was aborted(?: due to timeout)?',
    '(?:Connect|Headers|Body) Timeout Error',
    'Invalid URL',
    'Maximum call stack size exceeded',
    'Connection terminated(?: unexpectedly| due to connection timeout)?',
    'Connection ended unexpectedly',
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
    'timeout exceeded when trying to connect',
    'Query read timeout',
    'Cannot use a pool after calling end on the pool',
    'PGlite is (?:closed|closing)',
    'the database system is (?:starting up|shutting down|in recovery mode)',
    'terminating connection (?:due to|because of) [a-z -]{1,80}',
    'canceling statement due to (?:statement timeout|lock timeout|user request)',
    'sorry, too many clients already',
    'deadlock detected',
    'could not serialize access due to [a-z/ ]{1,60}',
    'current transaction is aborted, commands ignored until end of transaction block',
    String.raw`(?:duplicate key value|new row for relation "\w{1,63}"|(?:insert or update|update or delete) on table "\w{1,63}") violates (?:unique|check|foreign key) constraint "\w{1,63}"(?: on table "\w{1,63}")?`,
    String.raw`null value in column "\w{1,63}" of relation "\w{1,63}" violates not-null constraint`,
    String.raw`new row violates row-level security policy(?: "\w{1,63}")? for table "\w{1,63}"`,
    String.raw`permission denied for (?:table|schema|sequence|function) \w{1,63}`,
    String.raw`relation "[\w.]{1,127}" does not exist`,
  ].join('|')})$`,
)
