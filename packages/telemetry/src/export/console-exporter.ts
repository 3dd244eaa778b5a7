/** Prints spans for people on standard output (OTEL_TRACES_EXPORTER=console): a look at what an application does, without a collector. */
import { Console } from 'node:console'
import { decodeTraceRequest } from '@rustok/otlp'
import type { Exporter, ExportOutcome } from './exporter.ts'
import { spanLines } from './span-lines.ts'

export class ConsoleExporter implements Exporter {
  /** One of our own: an application may have changed the global one, and this too passes over a stream that was closed. */
  readonly #console = new Console(process.stdout)

  async export(request: Uint8Array): Promise<ExportOutcome> {
    this.print(request)
    return { kind: 'accepted', rejected: 0, message: '' }
  }

  /** `request` is the pipeline's own. */
  print(request: Uint8Array): void {
    const { stdout } = process
    const lines = spanLines(decodeTraceRequest(request), {
      colours: stdout.isTTY === true && stdout.hasColors(),
    })
    if (lines.length > 0) this.#console.log('%s', lines.join('\n'))
  }

  close(): void {}

  toString(): string {
    return 'the console'
  }
}
