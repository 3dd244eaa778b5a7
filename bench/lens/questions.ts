/** The kinds of questions that the bench asks, as paths of Lens's API, and what proves that an answer is one. */

import type { FacetsResponse, SearchResponse, TraceResponse } from 'rustok-lens/contract'
import type { FilledStore } from './filled-store.ts'
import { tenantCount, tenantName } from './generator/callers.ts'
import { buildLandscape } from './generator/landscape.ts'

export interface Kind {
  readonly name: string
  /** Of the 95th percentile; undefined for what is measured without a promise. */
  readonly budgetMs?: number
  /** All different. */
  questions(store: FilledStore): readonly string[]
  isAnswer(answer: unknown): boolean
}

const hour = 3_600_000

export const kinds: readonly Kind[] = [
  {
    name: 'a trace by its id',
    budgetMs: 20,
    questions: ({ sample }) => sample.traceIds.map((id) => `/api/lens/traces/${id}`),
    isAnswer: (answer) => (answer as TraceResponse).spans.length > 0,
  },
  {
    name: 'failed traces of a tenant, of the day',
    budgetMs: 50,
    questions: (store) => tenants().map((tenant) => search(store, { tenant, status: 'error' })),
    isAnswer: isSearch,
  },
  {
    name: 'traces with an attribute, of the day',
    budgetMs: 100,
    questions: (store) =>
      everyNth(store.sample.attributes).map(({ key, value }) =>
        search(store, { query: `${quoted(key)} = ${quoted(value)}` }),
      ),
    isAnswer: (answer) => isSearch(answer) && (answer as SearchResponse).traces.length > 0,
  },
  {
    name: 'traces with an attribute, of an hour',
    questions: (store) =>
      everyNth(store.sample.attributes).map(({ key, value }, index) =>
        search(hourOf(store, index), { query: `${quoted(key)} = ${quoted(value)}` }),
      ),
    isAnswer: isSearch,
  },
  {
    name: 'traces of a service, of the day',
    questions: (store) => services().map((service) => search(store, { service })),
    isAnswer: hasTraces,
  },
  {
    name: 'slow traces, of the day',
    questions: (store) =>
      Array.from({ length: 13 }, (_, index) => search(store, { minDuration: `${50 + 25 * index}ms` })),
    isAnswer: hasTraces,
  },
  {
    name: 'traces with a failed request (>= 500), of the day, by service',
    questions: (store) =>
      services().map((service) => search(store, { service, query: 'http.response.status_code >= 500' })),
    isAnswer: isSearch,
  },
  {
    name: 'traces with a word, of the day',
    questions: (store) => words.map((text) => search(store, { text })),
    isAnswer: isSearch,
  },
  {
    name: 'all traces of the day, by page',
    questions: (store) =>
      Array.from({ length: 21 }, (_, index) => search(store, { limit: String(20 + index * 9) })),
    isAnswer: hasTraces,
  },
  {
    name: 'all traces of an hour',
    questions: (store) => Array.from({ length: 24 }, (_, index) => search(hourOf(store, index), {})),
    isAnswer: hasTraces,
  },
  {
    name: 'facets of a tenant, of an hour',
    questions: (store) =>
      tenants().map((tenant, index) => search(hourOf(store, index), { tenant }, '/api/lens/facets')),
    isAnswer: (answer) => (answer as FacetsResponse).services !== undefined,
  },
  {
    name: 'rate, errors and durations of a service, of an hour',
    budgetMs: 50,
    questions: (store) =>
      Array.from({ length: 101 }, (_, index) => {
        const services = buildLandscape().services
        return metrics(hourOf(store, index), services[index % services.length]?.name ?? '')
      }),
    isAnswer: (answer) => (answer as { name: string }).name === 'service_latencies',
  },
  {
    name: 'who calls whom, of 24 hours',
    budgetMs: 200,
    questions: ({ toMs }) =>
      Array.from({ length: 101 }, (_, index) => `/api/dependencies?endTs=${toMs - index * 60_000}`),
    isAnswer: (answer) => (answer as { data: readonly unknown[] }).data.length > 10,
  },
  {
    name: 'services',
    questions: () => Array.from({ length: 20 }, (_, index) => `/api/services?${index}`),
    isAnswer: (answer) => (answer as { data: readonly unknown[] }).data.length > 0,
  },
  {
    name: 'operations of a service',
    questions: () => buildLandscape().services.map(({ name }) => `/api/operations?service=${name}`),
    isAnswer: (answer) => (answer as { data: readonly unknown[] }).data.length > 0,
  },
]

function hasTraces(answer: unknown): boolean {
  return (answer as SearchResponse).traces.length > 0
}

function isSearch(answer: unknown): boolean {
  return Number.isInteger((answer as SearchResponse).total)
}

type Range = Pick<FilledStore, 'fromMs' | 'toMs'>

function search(
  { fromMs, toMs }: Range,
  fields: Readonly<Record<string, string>>,
  path = '/api/lens/search',
): string {
  return `${path}?${new URLSearchParams({ ...fields, start: String(fromMs), end: String(toMs) })}`
}

function metrics({ toMs }: Range, service: string): string {
  const fields = { service, quantile: '0.95', endTs: String(toMs), lookback: String(hour), step: '60000' }
  return `/api/metrics/latencies?${new URLSearchParams(fields)}`
}

/** Another hour each time. */
function hourOf({ fromMs, toMs }: Range, index: number): Range {
  const hours = Math.max(1, Math.floor((toMs - fromMs) / hour))
  const start = fromMs + (index % hours) * hour
  return { fromMs: start, toMs: start + hour - 1 }
}

function services(): readonly string[] {
  return buildLandscape().services.map(({ name }) => name)
}

/** In names, statements, URLs and messages; some are everywhere, some nowhere. */
const words = [
  'order',
  'checkout',
  'deadlock',
  'kafka',
  'insert into',
  'timeout',
  '/api/v2',
  'iphone',
  'no-such-word',
]

/** From the largest to the smallest. */
function tenants(): readonly string[] {
  return Array.from({ length: 101 }, (_, index) => tenantName(Math.floor((index / 101) * tenantCount)))
}

/** Over all keys alike, so that values of every frequency are asked for. */
function everyNth<Value>(values: readonly Value[]): readonly Value[] {
  const step = Math.max(1, Math.floor(values.length / 101))
  return values.filter((_, index) => index % step === 0)
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
