/** Names of hosts as a configuration lists them: `api.example.com`, or `*.internal` for everything below a domain. */
import { isIPv6 } from 'node:net'

export type HostPattern = string

const label = '[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?'
const pattern = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`)

/** `*` alone is none: it would name third parties. */
export function isHostPattern(text: string): boolean {
  const name = normal(text)
  return pattern.test(name) || isIPv6(name)
}

/** Whether one of the patterns names the host. */
export function hostMatcher(patterns: readonly HostPattern[]): (host: string) => boolean {
  const names = new Set<string>()
  const suffixes: string[] = []
  for (const text of patterns.map(normal)) {
    if (text.startsWith('*.')) suffixes.push(text.slice(1))
    else names.add(text)
  }
  return (host) => {
    const name = normal(host)
    return names.has(name) || suffixes.some((suffix) => name.endsWith(suffix) && name.length > suffix.length)
  }
}

/** Without the brackets of an IPv6 address in a URL and the dot of a fully qualified name. */
function normal(host: string): string {
  const lower = host.toLowerCase()
  if (lower.startsWith('[') && lower.endsWith(']')) return lower.slice(1, -1)
  return lower.endsWith('.') ? lower.slice(0, -1) : lower
}
