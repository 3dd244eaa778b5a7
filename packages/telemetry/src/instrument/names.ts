/** What this package instruments, by the names that switch it on and off; those of the official packages where there are such. */
export const instrumentationNames = [
  'http-server',
  'http-client',
  'undici',
  'fastify',
  'express',
  'h3',
  'srvx',
  'graphql',
  'mysql2',
  'ioredis',
  'redis',
  'pino',
] as const

/** `http` stands for `http-server` and `http-client`, as it does in the official packages. */
export type InstrumentationName = (typeof instrumentationNames)[number] | 'http'

const switches: ReadonlySet<string> = new Set([...instrumentationNames, 'http'])

export function isInstrumentationName(name: string): name is InstrumentationName {
  return switches.has(name)
}

/** Whether `list` names it, itself or as a part of `http`. */
export function isNamed(name: InstrumentationName, list: readonly InstrumentationName[]): boolean {
  return list.includes(name) || (name.startsWith('http-') && list.includes('http'))
}
