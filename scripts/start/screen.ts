/** What `npm start` shows when everything runs: a pure function of the addresses, so that tests read what users read. */
import type { DemoTenant, DemoUser } from './addresses.ts'
import type { Paint } from './paint.ts'
import type { Ready } from './stack.ts'

export interface Screen extends Ready {
  readonly seconds: number
  /** Whether curl on this machine can print a response header by itself (7.84 and later). */
  readonly curlPrintsHeaders: boolean
  readonly logFiles: readonly string[]
  /** Remarks about this start, a line each. */
  readonly notes: readonly string[]
}

/** Their tokens are on the screen, and the sample requests are theirs. */
export const shownTenants = 2

export function renderScreen(screen: Screen, paint: Paint): string {
  const { lens, server, seconds, logFiles, notes } = screen
  const graphql = `${server.url}/graphql`
  const tenants = server.demo?.tenants ?? []
  const [tenant] = tenants
  const user = tenant?.users[0]
  const sections = [
    [`  ${paint('bold', 'RusToK is ready')} ${paint('dim', `after ${seconds.toFixed(1)} s`)}`],
    addresses(
      [
        ['Lens', lens.urls.ui, 'traces, by tenant'],
        ['GraphQL', graphql, 'GraphiQL in a browser'],
        ['OTLP gRPC', lens.urls.otlpGrpc, 'spans of your own services'],
        ['OTLP HTTP', `${lens.urls.otlpHttp}/v1/traces`, ''],
      ],
      paint,
    ),
    ...tenants.slice(0, shownTenants).map((each) => tenantLines(each, paint)),
    ...(tenant === undefined || user === undefined ? [] : firstRequest(screen, tenant, user, paint)),
    [
      ...notes.map((note) => `  ${note}`),
      `  ${paint('dim', `Logs: ${logFiles.join(', ')}`)}`,
      `  ${paint('dim', 'Ctrl-C stops both; nothing is lost.')}`,
    ],
  ]
  return `\n${sections.map((lines) => lines.join('\n')).join('\n\n')}\n\n`
}

function addresses(
  rows: readonly (readonly [name: string, url: string, what: string])[],
  paint: Paint,
): string[] {
  const width = Math.max(...rows.map(([, url]) => url.length))
  return rows.map(([name, url, what]) => {
    const row = `  ${name.padEnd(10)} ${paint('cyan', url)}${' '.repeat(width - url.length)}`
    return what === '' ? row.trimEnd() : `${row}   ${paint('dim', what)}`
  })
}

/** A token stands alone on its line, from the first column: a triple click takes all of it and nothing else. */
function tenantLines({ id, name, users }: DemoTenant, paint: Paint): string[] {
  const [user] = users
  if (user === undefined) return []
  return [
    `  ${paint('bold', name)} ${paint('dim', `(tenant ${id})`)}, token of ${user.name}, ${user.role}:`,
    user.token,
  ]
}

function firstRequest(screen: Screen, tenant: DemoTenant, user: DemoUser, paint: Paint): string[][] {
  const { lens, server, curlPrintsHeaders } = screen
  const command = curlCommand(screen, user.token)
  const where = curlPrintsHeaders
    ? []
    : [`  The x-trace-id in its answer is the trace: ${lens.urls.ui}/trace/<x-trace-id>`]
  return [
    [
      `  ${paint('bold', 'Paste this')}: ${user.name} of ${tenant.name} writes a page, and its trace is one click away.`,
    ],
    [command],
    [
      ...where,
      `  Without curl, open ${paint('cyan', `${server.url}/graphql`)}: a query and a token are filled in.`,
      `  Or sign in as ${user.name}: POST ${server.url}/auth/sign-in with X-Tenant-ID: ${tenant.id} and`,
      `  ${JSON.stringify({ email: user.email, password: user.password })}`,
      `  All traces of ${tenant.name}: ${paint('cyan', tenantLink(lens.urls.ui, tenant.id))}`,
    ],
  ]
}

function curlCommand({ lens, server, curlPrintsHeaders }: Screen, token: string): string {
  const query =
    'mutation { createNode(input: { title: "First light" }) { node { id title } errors { message } } }'
  return [
    `curl -s ${curlPrintsHeaders ? '' : '-i '}${server.url}/graphql \\`,
    `  -H 'content-type: application/json' \\`,
    `  -H 'authorization: Bearer ${token}' \\`,
    `  -d '${JSON.stringify({ query })}' \\`,
    `  -w '\\n${curlPrintsHeaders ? `Trace: ${lens.urls.ui}/trace/%header{x-trace-id}\\n` : ''}'`,
  ].join('\n')
}

function tenantLink(ui: string, tenant: string): string {
  return `${ui}/search?${new URLSearchParams({ tenant })}`
}
