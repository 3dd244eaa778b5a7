/** Ids of an IdGenerator that is plugged in, as the words that the tracer works with. What is no id is replaced by a random one. */
import { ignoreRejection } from '../ignore-rejection.ts'
import { diag } from '../own-diag.ts'
import { parseHex32, randomInt32 } from '../trace/ids.ts'
import type { IdGenerator } from './interfaces.ts'
import { nameOf } from './isolation.ts'

const traceIdPattern = /^(?!0{32})[0-9a-f]{32}$/
const spanIdPattern = /^(?!0{16})[0-9a-f]{16}$/

export class IdSource {
  readonly #generator: IdGenerator

  constructor(generator: IdGenerator) {
    this.#generator = generator
  }

  traceId(): readonly [number, number, number, number] {
    const id = this.#ask('generateTraceId', traceIdPattern)
    return id === undefined
      ? [randomInt32(), randomInt32(), randomInt32(), randomInt32() | 1]
      : [parseHex32(id, 0), parseHex32(id, 8), parseHex32(id, 16), parseHex32(id, 24)]
  }

  spanId(): readonly [number, number] {
    const id = this.#ask('generateSpanId', spanIdPattern)
    return id === undefined ? [randomInt32(), randomInt32() | 1] : [parseHex32(id, 0), parseHex32(id, 8)]
  }

  #ask(method: keyof IdGenerator, pattern: RegExp): string | undefined {
    try {
      const id = this.#generator[method]()
      if (typeof id === 'string' && pattern.test(id)) return id
      ignoreRejection(id)
      diag.error(`${nameOf(this.#generator)}.${method}() gave no valid id; a random one is used`)
    } catch (cause) {
      diag.error(`${nameOf(this.#generator)}.${method}() failed; a random id is used`, cause)
    }
    return undefined
  }
}
