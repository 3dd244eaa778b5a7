/** Reads OpenMetrics text by the format's reference parser (Debian: python3-prometheus-client), which refuses what is not to the letter. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface ReadSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly exemplar?: { readonly labels: Readonly<Record<string, string>>; readonly value: number }
}

export interface ReadFamily {
  readonly name: string
  readonly type: string
  readonly unit: string
  readonly samples: readonly ReadSample[]
}

const reader = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
def exemplar(e): return {'labels': e.labels, 'value': str(e.value)}
def sample(s): return {'name': s.name, 'labels': s.labels, 'value': str(s.value), **({'exemplar': exemplar(s.exemplar)} if s.exemplar else {})}
families = [{'name': f.name, 'type': f.type, 'unit': f.unit, 'samples': [sample(s) for s in f.samples]} for f in parse(sys.stdin.read())]
json.dump(families, sys.stdout)
`

/** Rejects with what the parser says. */
export async function readOpenMetrics(text: string): Promise<OpenMetrics> {
  const python = spawn('/usr/bin/python3', ['-c', reader], { stdio: 'pipe', timeout: 60_000 })
  let out = ''
  let errors = ''
  python.stdout.setEncoding('utf8').on('data', (part) => {
    out += part
  })
  python.stderr.setEncoding('utf8').on('data', (part) => {
    errors += part
  })
  python.stdin.end(text)
  const [code] = await once(python, 'close')
  if (code !== 0) throw new Error(errors)
  const revive = (key: string, value: unknown) =>
    key === 'value' ? Number(String(value).replace('inf', 'Infinity')) : value
  return new OpenMetrics(JSON.parse(out, revive))
}

export class OpenMetrics {
  readonly families: readonly ReadFamily[]

  constructor(families: readonly ReadFamily[]) {
    this.families = families
  }

  family(name: string): ReadFamily {
    const family = this.families.find((candidate) => candidate.name === name)
    if (family === undefined) throw new Error(`no family ${name}`)
    return family
  }

  /** Samples of this name that have these labels, among others. */
  samples(name: string, labels: Readonly<Record<string, string>> = {}): readonly ReadSample[] {
    return this.families
      .flatMap(({ samples }) => samples)
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
  }

  /** The value of the only one. */
  value(name: string, labels?: Readonly<Record<string, string>>): number {
    const found = this.samples(name, labels)
    if (found.length !== 1) throw new Error(`${found.length} samples ${name} ${JSON.stringify(labels)}`)
    return found[0]!.value
  }
}
