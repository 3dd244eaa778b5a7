/**
 * The worker thread that sends what is left when the process exits: see deliver-sync.ts, which starts it and waits. It has the exporter of the
 * pipeline, and connections of its own.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'
import { createExporter } from '../export/create-exporter.ts'
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
let next = 0
let away = false

// The exporter's connections let a thread end; this one ends when it is done. However it ends, nobody waits for it any longer.
const stayAlive = setTimeout(() => {}, timeoutMs)
process.on('exit', () => outcome.finish())
void Promise.all(Array.from({ length: concurrency }, sendRemaining)).finally(() => {
  clearTimeout(stayAlive)
  outcome.finish()
})

async function sendRemaining(): Promise<void> {
  while (next < requests.length && !away) await send(next++)
}

async function send(index: number): Promise<void> {
  for (let attempt = 1; !away; attempt++) {
    const left = deadline - performance.now()
    if (left <= 0) return
    const result = await exporter.export(requests[index]!, left)
    if (result.kind === 'accepted') return outcome.accept(index, Math.max(0, result.rejected))
    if (result.kind === 'refused') return outcome.refuse(index, result.reason)
    if (attempt === maxAttempts) away = true
    else await sleep(pauseMs)
  }
}
