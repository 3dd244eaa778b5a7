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

/**
 * The SET statements for a request. A session keeps what was set before, so a request may only change settings that `defaults` brings
 * back. Throws RangeError for another.
 */
export function prelude(
  search: URLSearchParams,
  defaults: Readonly<Record<string, string>>,
  mark: string,
): string {
  const settings: Record<string, string> = { ...defaults, log_comment: mark }
  for (const [name, value] of search) {
    if (notSettings.has(name)) continue
    if (!/^param_\w+$/.test(name) && !Object.hasOwn(defaults, name)) {
      throw new RangeError(`the embedded engine has no default for the setting ${JSON.stringify(name)}`)
    }
    settings[name] = value
  }
  const assignments = Object.entries(settings).map(([name, value]) => `${name} = ${quote(value)}`)
  const database = search.get('database')
  return `SET ${assignments.join(', ')}; ${database === null ? '' : `USE ${quoteName(database)}; `}`
}

/** `INSERT … FORMAT f` whose data came as a body, reading them from a file instead; undefined for another statement. */
export function insertFromFile(statement: string, file: string): string | undefined {
  const match = /^(\s*INSERT\s+INTO\s[\s\S]+?)\sFORMAT\s+(\w+)\s*$/i.exec(statement)
  return match === null ? undefined : `${match[1]} FROM INFILE ${quote(file)} FORMAT ${match[2]}`
}

export function quote(value: string): string {
  return `'${value.replace(/[\\']/g, '\\$&').replaceAll('\0', '\\0')}'`
}

function quoteName(name: string): string {
  return `\`${name.replace(/[\\`]/g, '\\$&')}\``
}
