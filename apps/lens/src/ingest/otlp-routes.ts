/** OTLP over HTTP: /v1/traces and /v1/logs, in protobuf or JSON. https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */

import {
  decodeLogsRequest,
  decodeLogsRequestJson,
  decodeTraceRequestJson,
  encodeLogsResponse,
  encodeLogsResponseJson,
  encodeTraceResponse,
  encodeTraceResponseJson,
} from '@rustok/otlp'
import { type HttpRoute, json, protobuf } from './http-route.ts'
import type { LogIntake } from './log-intake.ts'
import type { SpanIntake } from './span-intake.ts'

export function traceRoute(intake: SpanIntake): HttpRoute {
  return {
    path: '/v1/traces',
    takes: 'traces',
    contentTypes: [protobuf, json],
    checkRoom: () => intake.checkRoom(),
    async accept(body, contentType, sender) {
      const { refused, message } =
        contentType === json
          ? await intake.acceptRequest(decodeTraceRequestJson(body), sender)
          : await intake.accept(body, sender)
      const partialSuccess =
        refused === 0 ? undefined : { rejectedSpans: BigInt(refused), errorMessage: message }
      const encode = contentType === json ? encodeTraceResponseJson : encodeTraceResponse
      return { status: 200, body: encode({ partialSuccess }) }
    },
  }
}

export function logsRoute(intake: LogIntake): HttpRoute {
  return {
    path: '/v1/logs',
    takes: 'logs',
    contentTypes: [protobuf, json],
    checkRoom: () => intake.checkRoom(),
    async accept(body, contentType, sender) {
      const request = contentType === json ? decodeLogsRequestJson(body) : decodeLogsRequest(body)
      const { refused, message } = await intake.accept(request, sender)
      const partialSuccess =
        message === '' ? undefined : { rejectedLogRecords: BigInt(refused), errorMessage: message }
      const encode = contentType === json ? encodeLogsResponseJson : encodeLogsResponse
      return { status: 200, body: encode({ partialSuccess }) }
    },
  }
}
