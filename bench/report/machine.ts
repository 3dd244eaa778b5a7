/** What the figures were measured on, printed above them: the machine without its name, Node, and the versions of everybody measured. */
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { availableParallelism, cpus, loadavg, totalmem, type } from 'node:os'
import { pathToFileURL } from 'node:url'

const packages = [
  '@rustok/telemetry',
  '@opentelemetry/api',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/otlp-transformer',
  '@opentelemetry/exporter-trace-otlp-grpc',
  '@opentelemetry/auto-instrumentations-node',
  'fastify',
  'graphql',
  'graphql-yoga',
] as const

export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  const memory = (totalmem() / 2 ** 30).toFixed(0)
  const official = '@opentelemetry/auto-instrumentations-node'
  return [
    `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores (${model}), ${memory} GiB, ` +
      `${type()}, Node ${process.versions.node}, load before the run ${loadavg()[0]!.toFixed(2)}`,
    packages.map((name) => `${name} ${versionOf(name)}`).join(', '),
    `${official} brings @opentelemetry/sdk-trace ${versionOf('@opentelemetry/sdk-trace', official)}`,
  ].join('\n')
}

/** Of the package as this file finds it, or as the package `by` does. */
function versionOf(name: string, by?: string): string {
  const from = by === undefined ? import.meta.url : pathToFileURL(findPackageJSON(by, import.meta.url) ?? '')
  const path = findPackageJSON(name, from)
  if (path === undefined) return 'not installed'
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
