/** The file of tokens: read at start, and again when it changes or on SIGHUP. A change that cannot be read leaves the tokens as they were. */

import { unwatchFile, watchFile } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import type { Logger } from 'pino'
import { StartupError } from '../startup-error.ts'
import { TokenBook } from './token-book.ts'

/** The file is looked at, not subscribed to: secrets that orchestrators mount are links that move. */
const lookEvery = 2_000

export class TokenFile {
  readonly #path: string
  readonly #log: Logger
  #book: TokenBook
  #reading: Promise<void> = Promise.resolve()
  readonly #look = () => void this.reload()

  private constructor(path: string, book: TokenBook, log: Logger) {
    this.#path = path
    this.#book = book
    this.#log = log
    watchFile(path, { interval: lookEvery, persistent: false }, this.#look)
  }

  /** Rejects with StartupError for a file that cannot be used. */
  static async open(path: string, log: Logger): Promise<TokenFile> {
    try {
      return new TokenFile(path, await read(path), log)
    } catch (error) {
      throw new StartupError(`LENS_TOKENS_FILE ${path}: ${reasonOf(error)}`)
    }
  }

  get book(): TokenBook {
    return this.#book
  }

  /** Resolves when the file was read, or could not be. One after the other, so that the last one counts. */
  reload(): Promise<void> {
    this.#reading = this.#reading.then(async () => {
      try {
        this.#book = await read(this.#path)
        this.#log.info({ tokens: this.#book.size }, 'the tokens were read again')
      } catch (error) {
        this.#log.error(
          { reason: reasonOf(error), file: this.#path },
          'the tokens cannot be read: those from before stay valid',
        )
      }
    })
    return this.#reading
  }

  close(): void {
    unwatchFile(this.#path, this.#look)
  }
}

async function read(path: string): Promise<TokenBook> {
  const { mode, uid } = await stat(path)
  const own = process.getuid?.()
  // Its hashes are no secret; whoever can write it can let himself in.
  if ((mode & 0o022) !== 0) throw new Error('others may write to it: chmod go-w')
  if (own !== undefined && own !== 0 && uid !== own && uid !== 0) {
    throw new Error('it belongs to another user')
  }
  return TokenBook.parse(await readFile(path, 'utf8'))
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? `cannot be read (${String(error.code)})` : error.message
}
