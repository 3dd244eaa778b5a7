/** The query string of Jaeger's metrics as a question of RED metrics. */

import type { RedQuestion } from '../../query/red-metrics.ts'
import { cellsOf, type RedWindows } from '../../query/red-windows.ts'
import { JaegerError } from './envelope.ts'
import { list, one, parseBoolean, parseWhole, type Query, unableToParse } from './parameters.ts'
import { parseKind } from './span-kinds.ts'

export interface MetricSearch {
  readonly question: RedQuestion
  readonly windows: RedWindows
}

const defaults = { lookback: 3_600_000n, step: 5_000n, ratePer: 600_000n }
const server = 2
/** Of a series, as in Prometheus, which is where Jaeger's own metrics come from. */
const mostPoints = 11_000n
/** In the year 2255; a lookback or a window is no longer than all time until then, so that differences stay within 64 bits of nanoseconds. */
const latestMs = 9_000_000_000_000n

/** Throws JaegerError. `now` is in Unix milliseconds. */
export function metricSearch(query: Query, now: number): MetricSearch {
  const services = list(query, 'service')
  if (services.length === 0) throw unableToParse('service', 'please provide at least one service name')
  const grouping = one(query, 'groupByOperation')
  const byOperation = grouping !== undefined && parseBoolean('groupByOperation', grouping)
  const kinds = list(query, 'spanKind').map((text) => parseKind('spanKind', text, unableToParse))
  const end = milliseconds(query, 'endTs') ?? BigInt(now)
  if (end > latestMs) throw unableToParse('endTs', 'it is later than time goes')
  const lookback = positive(query, 'lookback')
  const step = positive(query, 'step')
  const length = positive(query, 'ratePer')
  if (lookback + length > latestMs) throw unableToParse('lookback', 'together with ratePer, it is too long')
  const points = lookback / step + 1n
  if (points > mostPoints) {
    throw new JaegerError(
      400,
      `a lookback of ${lookback} ms in steps of ${step} ms makes more than ${mostPoints} points: take a longer step`,
    )
  }
  const windows = {
    // Jaeger's range begins a lookback before its end, and goes in steps from there.
    first: nanos(end - lookback),
    step: nanos(step),
    points: Number(points),
    length: nanos(length),
  }
  return {
    question: {
      services,
      calls: kinds.length === 0 ? [server] : kinds,
      byOperation,
      cells: cellsOf(windows),
    },
    windows,
  }
}

/** 0 to 1. */
export function parseQuantile(query: Query): number {
  const text = one(query, 'quantile') ?? ''
  const quantile = Number(text)
  if (text.trim() === '' || !(quantile >= 0 && quantile <= 1)) {
    throw unableToParse('quantile', `${JSON.stringify(text)} is not a number from 0 to 1`)
  }
  return quantile
}

export function milliseconds(query: Query, name: string): bigint | undefined {
  const text = one(query, name)
  return text === undefined ? undefined : parseWhole(name, text, 'a number of milliseconds')
}

function positive(query: Query, name: keyof typeof defaults): bigint {
  const value = milliseconds(query, name) ?? defaults[name]
  if (value < 1n || value > latestMs) throw unableToParse(name, `${value} is not a length of time`)
  return value
}

function nanos(ms: bigint): bigint {
  return ms * 1_000_000n
}
