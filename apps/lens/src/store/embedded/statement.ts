/**
 * A request of ClickHouse's HTTP interface as text for one chDB session: settings and parameters come first, as SET statements. chDB's own
 * parameter binding is serialised over the whole process; SET belongs to a session, so that sessions run side by side. This is
 * the one place where a value becomes SQL, and each becomes a quoted literal that the engine parses by the placeholder's type.
 */

/** What the URL of a request says, besides values and settings. */
const notSettings = new Set([
  'query',
  'query_id',
  'session_id',
  'database',
  'default_format',
  'role',
  'user',
  'password',
  'wait_end_of_query',
  'compress',
  'decompress',
  'enable_http_compression',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
])

/** What a session was last told, by name: settings, parameters, and its database. */
export type SessionState = Map<string, string>

/** As a setting cannot be called. */
const databaseKey = 'USE'

/**
 * The SET statements for a request: what differs from what the session was told before, since all of them take half a millisecond. A request may only change
 * settings that `defaults` brings back. Throws RangeError for another. `state` is what holds once the statements have run; a session in which one fails is
 * not used again.
 */
export function prelude(
  search: URLSearchParams,
  defaults: Readonly<Record<string, string>>,
  state: SessionState,
): string {
  const settings: Record<string, string> = { ...defaults }
  for (const [name, value] of search) {
    if (notSettings.has(name)) continue
    if (!/^param_\w+$/.test(name) && !Object.hasOwn(defaults, name)) {
      throw new RangeError(`the embedded engine has no default for the setting ${JSON.stringify(name)}`)
    }
    settings[name] = value
  }
  const assignments = Object.entries(settings).flatMap(([name, value]) =>
    changes(state, name, value) ? [`${name} = ${quote(value)}`] : [],
  )
  const database = search.get('database')
  const moves = database !== null && changes(state, databaseKey, database)
  return `${assignments.length === 0 ? '' : `SET ${assignments.join(', ')}; `}${moves ? `USE ${quoteName(database)}; ` : ''}`
}

function changes(state: SessionState, name: string, value: string): boolean {
  if (state.get(name) === value) return false
  state.set(name, value)
  return true
}

/** Where the rows of inserts wait for the engine to read them: relative to the data directory, so that no path needs quoting. */
export const inbox = 'inbox'

/** `into` is `INSERT INTO … (…)`, `file` a name in the inbox. */
export function insertFromFile(into: string, file: string): string {
  return `${into} FROM INFILE ${quote(file)} FORMAT Native`
}

/** The file of such an insert; undefined for another statement. */
export function fileOfInsert(statement: string): string | undefined {
  return /^\s*INSERT\s+INTO\s[\s\S]+?\sFROM INFILE '(inbox\/[\w-]+)' FORMAT \w+\s*$/.exec(statement)?.[1]
}

export function quote(value: string): string {
  return `'${value.replace(/[\\']/g, '\\$&').replaceAll('\0', '\\0')}'`
}

function quoteName(name: string): string {
  return `\`${name.replace(/[\\`]/g, '\\$&')}\``
}
