/** Attributes by OpenTelemetry's semantic conventions, as instrumentations of today set them. */

import type { KeyValue, SpanEvent } from '@rustok/otlp'
import type { Caller } from './callers.ts'
import type { Consumer, Query, Route, Service } from './landscape.ts'
import type { Random } from './random.ts'

export function callerAttributes({ tenant, user }: Caller): KeyValue[] {
  const attributes: KeyValue[] = [text('tenant_id', tenant)]
  if (user !== '') attributes.push(text('user_id', user))
  return attributes
}

export function resourceAttributes({ name, version, language }: Service, instance: number): KeyValue[] {
  return [
    text('service.name', name),
    text('service.version', version),
    text('service.namespace', 'shop'),
    text('service.instance.id', `${name}-6d9f7c${instance}b8-x${instance}kqz`),
    text('deployment.environment.name', 'production'),
    text('cloud.availability_zone', `eu-central-1${'abc'[instance % 3]}`),
    text('host.name', `node-${(name.length * 7 + instance) % 12}`),
    integer('process.pid', 1 + instance),
    text('telemetry.sdk.language', language),
    text('telemetry.sdk.name', 'opentelemetry'),
    text('telemetry.sdk.version', '2.9.0'),
  ]
}

/** Set by the server's instrumentation. `path` has the ids in it that the template leaves open. */
export function serverAttributes(
  route: Route,
  path: string,
  status: number,
  edge: Edge | undefined,
): KeyValue[] {
  const attributes = [
    text('http.request.method', route.method),
    text('http.route', route.template),
    text('url.path', path),
    text('url.scheme', edge === undefined ? 'http' : 'https'),
    text('server.address', edge === undefined ? `${route.service.name}.internal` : 'shop.example.com'),
    integer('server.port', edge === undefined ? 8080 : 443),
    text('network.protocol.version', edge === undefined ? '1.1' : '2'),
    integer('http.response.status_code', status),
  ]
  if (edge !== undefined) {
    attributes.push(
      text('client.address', edge.caller.address),
      text('user_agent.original', edge.caller.userAgent),
      text('http.request.id', edge.requestId),
    )
  }
  return attributes
}

/** Of a span that a browser's or a customer's request begins. */
export interface Edge {
  readonly caller: Caller
  readonly requestId: string
}

export function clientAttributes(route: Route, path: string, status: number): KeyValue[] {
  return [
    text('http.request.method', route.method),
    text('url.full', `http://${route.service.name}.internal:8080${path}`),
    text('server.address', `${route.service.name}.internal`),
    integer('server.port', 8080),
    text('network.peer.address', `10.42.${route.service.name.length}.${route.template.length}`),
    text('network.protocol.version', '1.1'),
    integer('http.response.status_code', status),
  ]
}

export function queryAttributes(service: Service, query: Query, host: string, rows: number): KeyValue[] {
  const { system, namespace } = service.database
  return [
    text('db.system.name', system),
    text('db.namespace', namespace),
    text('db.operation.name', query.operation),
    text('db.collection.name', query.collection),
    text('db.query.text', query.text),
    text('server.address', host),
    integer('server.port', ports[system]),
    integer('db.response.returned_rows', rows),
  ]
}

const ports = { postgresql: 5432, mysql: 3306, mongodb: 27017 } as const

export function cacheAttributes(key: string, hit: boolean): KeyValue[] {
  return [
    text('db.system.name', 'redis'),
    text('db.operation.name', 'GET'),
    text('db.query.text', `GET ${key}`),
    text('server.address', 'redis.internal'),
    integer('server.port', 6379),
    text('network.peer.address', '10.42.0.17'),
    boolean('cache.hit', hit),
  ]
}

export function messageAttributes(
  consumer: Consumer,
  operation: 'send' | 'process',
  message: Message,
): KeyValue[] {
  return [
    text('messaging.system', 'kafka'),
    text('messaging.destination.name', consumer.topic),
    text('messaging.operation.type', operation),
    text('messaging.message.id', message.id),
    text('messaging.destination.partition.id', String(message.partition)),
    integer('messaging.kafka.offset', message.offset),
    text('server.address', 'kafka.internal'),
    integer('messaging.message.body.size', message.size),
  ]
}

export interface Message {
  readonly id: string
  readonly partition: number
  readonly offset: number
  readonly size: number
}

export function functionAttributes(service: Service, name: string, variant: string): KeyValue[] {
  return [
    text('code.function.name', name),
    text('code.file.path', `/app/src/${service.name}/${name.replace('.', '/')}.ts`),
    integer('code.line.number', 10 + ((name.length * 37) % 400)),
    text('feature_flag.key', 'new-pricing'),
    text('feature_flag.result.variant', variant),
  ]
}

const failures = [
  {
    type: 'DeadlockDetected',
    message: (id: string) => `deadlock detected while waiting for transaction ${id}`,
  },
  { type: 'TimeoutError', message: () => 'the operation timed out after 3000 ms' },
  { type: 'ConnectionResetError', message: () => 'connection reset by peer' },
  { type: 'ValidationError', message: (id: string) => `field "amount" of ${id} must be positive` },
  { type: 'ResourceExhausted', message: () => 'remaining connection slots are reserved' },
] as const

export interface Failure {
  readonly type: string
  readonly message: string
}

export function drawFailure(random: Random): Failure {
  const { type, message } = random.pick(failures)
  return { type, message: message(String(100_000 + random.below(900_000))) }
}

export function exceptionEvent(failure: Failure, service: Service, where: string, time: bigint): SpanEvent {
  const frames = [where, 'withTransaction', 'execute', 'handle', 'dispatch', 'processTicksAndRejections'].map(
    (name, depth) => `    at ${name} (/app/src/${service.name}/${name}.ts:${40 + depth * 13}:${7 + depth})`,
  )
  return {
    timeUnixNano: time,
    name: 'exception',
    attributes: [
      text('exception.type', failure.type),
      text('exception.message', failure.message),
      text('exception.stacktrace', `${failure.type}: ${failure.message}\n${frames.join('\n')}`),
    ],
    droppedAttributesCount: 0,
  }
}

function text(key: string, value: string): KeyValue {
  return { key, value }
}

function integer(key: string, value: number): KeyValue {
  return { key, value: BigInt(value) }
}

function boolean(key: string, value: boolean): KeyValue {
  return { key, value }
}
