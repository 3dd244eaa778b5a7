/** The file that a service's output goes to. It grows to a limit, then starts anew and keeps its predecessor. */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Twice this stays on disk: the log of some hundred thousand requests. */
const defaultLimitBytes = 32 * 1024 * 1024

export class LogFile {
  readonly path: string
  readonly #onFailure: (error: Error) => void
  readonly #limitBytes: number
  #descriptor: number | undefined
  #size = 0

  /**
   * Throws when the file cannot be opened. Once it is open, nothing throws any more: `onFailure` is called once, and nothing
   * is written after it. A disk that fills up must not end what is logged.
   */
  constructor(path: string, onFailure: (error: Error) => void, limitBytes = defaultLimitBytes) {
    this.path = path
    this.#onFailure = onFailure
    this.#limitBytes = limitBytes
    mkdirSync(dirname(path), { recursive: true })
    this.#open()
  }

  /** Written at once, so that the last words of a process that dies are there. */
  append(line: string): void {
    this.#attempt((descriptor) => {
      this.#size += writeSync(descriptor, `${line}\n`)
      if (this.#size < this.#limitBytes) return
      closeSync(descriptor)
      renameSync(this.path, `${this.path}.1`)
      this.#open()
    })
  }

  close(): void {
    this.#attempt(closeSync)
    this.#descriptor = undefined
  }

  #open(): void {
    // Log lines hold tenants and users: they are for the owner's eyes.
    this.#descriptor = openSync(this.path, 'a', 0o600)
    this.#size = fstatSync(this.#descriptor).size
  }

  #attempt(write: (descriptor: number) => void): void {
    if (this.#descriptor === undefined) return
    try {
      write(this.#descriptor)
    } catch (error) {
      this.#descriptor = undefined
      this.#onFailure(error as Error)
    }
  }
}
