/** Reads metrics by the reference parsers of both formats (Debian: python3-prometheus-client), which refuse what is not to the letter. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

export interface ReadSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ReadFamily {
  readonly name: string
  readonly type: string
  readonly samples: readonly ReadSample[]
}

const modules = {
  openmetrics: 'prometheus_client.openmetrics.parser',
  prometheus: 'prometheus_client.parser',
} as const

/** Rejects with what the parser says. */
export async function readMetrics(
  written: string,
  format: keyof typeof modules,
): Promise<readonly ReadFamily[]> {
  const reader = `
import json, sys
from ${modules[format]} import text_string_to_metric_families as parse
def sample(s): return {'name': s.name, 'labels': s.labels, 'value': s.value}
json.dump([{'name': f.name, 'type': f.type, 'samples': [sample(s) for s in f.samples]} for f in parse(sys.stdin.read())], sys.stdout)
`
  const python = spawn('/usr/bin/python3', ['-c', reader], { stdio: 'pipe', timeout: 60_000 })
  const output = Promise.all([text(python.stdout), text(python.stderr)])
  python.stdin.end(written)
  const [code] = await once(python, 'close')
  const [out, errors] = await output
  if (code !== 0) throw new Error(errors)
  return JSON.parse(out) as readonly ReadFamily[]
}
