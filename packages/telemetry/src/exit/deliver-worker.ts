/**
 * The worker thread that sends what is left when the process exits: see deliver-sync.ts, which starts it and waits. It has the exporter of the
 * pipeline, and connections of its own.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'
import { createExporter } from '../export/pipeline.ts'
import { type LastRequests, SharedOutcome } from './last-requests.ts'

/** As many as the pipeline has on the wire. */
const concurrency = 4
/** A collector that is away when the process exits is seldom back a moment later; one that restarts behind a balancer is. */
const maxAttempts = 3
const pauseMs = 200

const { config, requests, timeoutMs, outcome: memory }: LastRequests = workerData
const outcome = new SharedOutcome(memory)
const exporter = createExporter(config)
const deadline = performance.now() + timeoutMs
const waiting = [...requests]
let away = false

await Promise.all(Array.from({ length: concurrency }, sendWaiting))
outcome.finish()

async function sendWaiting(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined && !away; next = waiting.shift()) await send(next)
}

async function send({ request, spans }: LastRequests['requests'][number]): Promise<void> {
  for (let attempt = 1; !away; attempt++) {
    const left = deadline - performance.now()
    if (left <= 0) return
    const result = await exporter.export(request, left)
    if (result.kind === 'accepted') {
      outcome.accept(spans, Math.max(0, Math.min(result.rejected, spans)))
      return
    }
    if (result.kind === 'refused') {
      outcome.refuse(spans, result.reason)
      return
    }
    if (attempt === maxAttempts) away = true
    else await sleep(pauseMs)
  }
}
