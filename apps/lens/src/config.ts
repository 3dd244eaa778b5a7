/** Lens's configuration, from the environment: the one module that reads it. README.md has the table. */

import { resolve } from 'node:path'
import { StartupError } from './startup-error.ts'

export interface LensConfig {
  readonly host: string
  /** 0 for whichever port is free. */
  readonly port: number
  readonly otlpGrpcPort: number
  readonly otlpHttpPort: number
  /** Absolute. Lens keeps its own in a folder `lens` of it. */
  readonly dataDirectory: string
  /** Of a ClickHouse to use instead of the embedded one. */
  readonly clickhouseUrl: URL | undefined
  readonly logLevel: LogLevel
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export type Environment = Readonly<Record<string, string | undefined>>

/** Throws StartupError for the first bad value. An empty variable counts as absent. */
export function configFromEnvironment(environment: Environment = process.env): LensConfig {
  return {
    host: host(environment, 'LENS_HOST', '127.0.0.1'),
    port: port(environment, 'LENS_PORT', 16686),
    otlpGrpcPort: port(environment, 'LENS_OTLP_GRPC_PORT', 4317),
    otlpHttpPort: port(environment, 'LENS_OTLP_HTTP_PORT', 4318),
    dataDirectory: resolve(environment.RUSTOK_DATA_DIR || '.rustok'),
    clickhouseUrl: httpUrl(environment, 'LENS_CLICKHOUSE_URL'),
    logLevel: oneOf(environment, 'LENS_LOG_LEVEL', logLevels, 'info'),
  }
}

/** The environment for a process of ours, which finds its libraries by it. */
export function environmentWith(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...extra }
}

function host(environment: Environment, name: string, otherwise: string): string {
  const value = environment[name] || otherwise
  if (!/^[a-z0-9.:_-]+$/i.test(value)) throw badValue(name, value, 'a host name or an address')
  return value
}

function port(environment: Environment, name: string, otherwise: number): number {
  const value = environment[name]
  if (value === undefined || value === '') return otherwise
  const number = Number(value)
  if (!/^\d{1,5}$/.test(value) || number > 65_535) throw badValue(name, value, 'a port from 0 to 65535')
  return number
}

function httpUrl(environment: Environment, name: string): URL | undefined {
  const value = environment[name]
  if (value === undefined || value === '') return undefined
  const url = URL.parse(value)
  if (url === null || !/^https?:$/.test(url.protocol)) throw badValue(name, value, 'an http or https URL')
  return url
}

function oneOf<Value extends string>(
  environment: Environment,
  name: string,
  values: readonly Value[],
  otherwise: Value,
): Value {
  const value = environment[name]
  if (value === undefined || value === '') return otherwise
  const match = values.find((candidate) => candidate === value.toLowerCase())
  if (match === undefined) throw badValue(name, value, `one of ${values.join(', ')}`)
  return match
}

function badValue(name: string, value: string, expected: string): StartupError {
  return new StartupError(`${name} is ${JSON.stringify(value)}: expected ${expected}`)
}
