/**
 * A store full of generated traces, sent to a Lens as exporters send them, and a sample of what is in it, to ask for. It is kept between runs,
 * for filling takes minutes, and goes on where it was cut short.
 */

import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AnyValue, decodeTraceRequest } from '@rustok/otlp'
import { prove } from '../suite.ts'
import { Random } from './generator/random.ts'
import { TraceGenerator } from './generator/trace-generator.ts'
import { LensProcess } from './lens-process.ts'

export interface FilledStore {
  readonly directory: string
  readonly spans: number
  readonly traces: number
  /** Unix milliseconds between which traces begin. */
  readonly fromMs: number
  readonly toMs: number
  readonly sample: Sample
}

/** Drawn evenly over the whole store. */
export interface Sample {
  readonly traceIds: readonly string[]
  readonly attributes: readonly SampledAttribute[]
}

export interface SampledAttribute {
  readonly key: string
  readonly value: string
}

const day = 86_400_000
const seed = 1
/** Requests on their way at once, some 130,000 spans: they share inserts, so that fewer make smaller ones. */
const senders = 256
/** One in so many requests is looked into for the sample, and a few of its traces. */
const lookInto = 40
const tracesOfRequest = 8
const fileName = 'filled.json'

export function defaultDirectory(spans: number): string {
  return join(tmpdir(), 'rustok-bench', `lens-${spans}`)
}

/** The store in `directory`, filled now unless it was before. */
export async function filledStore(directory: string, spans: number): Promise<FilledStore> {
  const file = join(directory, fileName)
  if (!existsSync(file)) {
    prove(!existsSync(join(directory, 'lens')), `${directory} holds a store that is not whole: remove it`)
    await mkdir(directory, { recursive: true })
    const filled = await fill(directory, spans)
    await writeFile(`${file}.part`, JSON.stringify(filled))
    await rename(`${file}.part`, file)
  }
  const filled = JSON.parse(await readFile(file, 'utf8')) as Omit<FilledStore, 'directory'>
  prove(filled.spans >= spans, `${directory} holds ${filled.spans} spans, not ${spans}`)
  return { directory, ...filled }
}

async function fill(directory: string, spans: number): Promise<Omit<FilledStore, 'directory'>> {
  await using lens = await LensProcess.start(directory)
  const toMs = Date.now()
  const fromMs = toMs - day
  const nanos = (ms: number) => BigInt(ms) * 1_000_000n
  const generator = new TraceGenerator({ seed, spans, from: nanos(fromMs), to: nanos(toMs) })
  const requests = generator.requests()
  const sampler = new Sampler()
  let sent = 0
  await Promise.all(
    Array.from({ length: senders }, async () => {
      for (const { bytes } of requests) {
        if (sent++ % lookInto === 0) sampler.look(bytes)
        await send(lens, bytes)
      }
    }),
  )
  return { spans: generator.spans, traces: generator.traces, fromMs, toMs, sample: sampler.sample }
}

async function send({ urls }: LensProcess, bytes: Uint8Array): Promise<void> {
  for (;;) {
    const response = await fetch(`${urls.otlpHttp}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: bytes as BodyInit,
    })
    await response.arrayBuffer()
    if (response.status === 200) return
    prove(response.status === 429 || response.status === 503, `Lens answered ${response.status} to spans`)
    await new Promise((resolve) => setTimeout(resolve, Number(response.headers.get('retry-after')) * 1000))
  }
}

/** Keeps some of what passes, each with the same probability, and of attributes some for each key. */
class Sampler {
  static readonly #mostTraces = 400
  static readonly #mostValues = 40
  readonly #random = new Random(7)
  readonly #traceIds: string[] = []
  readonly #values = new Map<string, { seen: number; readonly kept: Set<string> }>()
  #traces = 0

  look(bytes: Uint8Array): void {
    for (const { scopeSpans } of decodeTraceRequest(bytes).resourceSpans) {
      const { spans } = scopeSpans[0]!
      for (let count = 0; count < tracesOfRequest; count++) {
        const span = spans[this.#random.below(spans.length)]!
        const seen = this.#traces++
        const place = seen < Sampler.#mostTraces ? seen : this.#random.below(seen)
        if (place < Sampler.#mostTraces) this.#traceIds[place] = Buffer.from(span.traceId).toString('hex')
      }
      for (const { attributes } of spans) for (const { key, value } of attributes) this.#keep(key, value)
    }
  }

  /** Values as they come, so that frequent ones are asked for as often as they occur, but each once. */
  #keep(key: string, value: AnyValue): void {
    const values = this.#values.get(key) ?? { seen: 0, kept: new Set() }
    this.#values.set(key, values)
    values.seen++
    if (values.kept.size < Sampler.#mostValues) values.kept.add(String(value))
    else if (this.#random.chance(Sampler.#mostValues / values.seen)) {
      const [victim] = values.kept
      if (!values.kept.has(String(value)) && victim !== undefined) {
        values.kept.delete(victim)
        values.kept.add(String(value))
      }
    }
  }

  get sample(): Sample {
    const attributes = [...this.#values].flatMap(([key, { kept }]) =>
      [...kept].map((value) => ({ key, value })),
    )
    return { traceIds: [...new Set(this.#traceIds)], attributes }
  }
}
