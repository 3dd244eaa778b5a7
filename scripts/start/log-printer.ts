/**
 * Shows on the terminal what in the services' logs needs a person: warnings and errors, one line each, and never a flood. All
 * of it is in the log files.
 */
import { readLogLine, type Severity } from './log-line.ts'
import type { Paint } from './paint.ts'

export interface LogPrinterOptions {
  readonly paint: Paint
  /** Everything, not only warnings and errors, and without a limit. */
  readonly verbose: boolean
  write(text: string): void
}

/** A screenful in the time that it takes to read it. */
const linesPerWindow = 20
const windowMs = 10_000

export class LogPrinter {
  readonly #options: LogPrinterOptions
  #shown = 0
  #left = 0
  #muted = false
  #started = false
  #complaints = 0

  constructor(options: LogPrinterOptions) {
    this.#options = options
  }

  /** From here on a line says whose it is. Before, a service that cannot start names itself. */
  started(): void {
    this.#started = true
  }

  /** From here on lines go to the files alone. */
  mute(): void {
    this.#muted = true
  }

  /** How many warnings and errors there were, shown or not. */
  get complaints(): number {
    return this.#complaints
  }

  print(service: string, line: string, from: 'stdout' | 'stderr'): void {
    const { verbose, write } = this.#options
    const { severity, text } = readLogLine(line, from)
    if (severity !== 'info') this.#complaints++
    if (this.#muted || (severity === 'info' && !verbose)) return
    if (!verbose && !this.#mayShow()) return
    write(this.#started || from === 'stdout' ? this.#labelled(service, severity, text) : `${text}\n`)
  }

  #labelled(service: string, severity: Severity, text: string): string {
    const { paint } = this.#options
    const colour = severity === 'error' ? 'red' : severity === 'warning' ? 'yellow' : 'dim'
    return `  ${paint('dim', service.padEnd(6))}  ${paint(colour, severity.padEnd(7))}  ${text}\n`
  }

  #mayShow(): boolean {
    if (this.#shown === 0) setTimeout(() => this.#endWindow(), windowMs).unref()
    if (this.#shown === linesPerWindow) {
      this.#left++
      return false
    }
    this.#shown++
    return true
  }

  #endWindow(): void {
    if (this.#left > 0 && !this.#muted)
      this.#options.write(`  … and ${this.#left} lines more, in the log files\n`)
    this.#shown = 0
    this.#left = 0
  }
}
