/** Takes exports of logs and resolves when their records are stored. The receivers call it. */

import type { LogsRequest } from '@rustok/otlp'
import type { Logger } from 'pino'
import { LogBlock } from '../store/log-block.ts'
import type { Store } from '../store/store.ts'
import { GroupCommit } from './group-commit.ts'
import type { IntakeOutcome } from './span-intake.ts'

export interface LogIntakeOptions {
  /** Of every record, whatever the records say. */
  readonly tenant?: string | undefined
}

export class LogIntake {
  readonly #commit: GroupCommit<LogBlock>

  constructor(store: Pick<Store, 'engine' | 'ready'>, log: Logger) {
    this.#commit = new GroupCommit(store, 'logs', () => new LogBlock(Math.floor(Date.now() / 1000)), log)
  }

  /**
   * Resolves when every record is stored. None is refused: one with a bad id is kept as one without, and `message` says so. Rejects with
   * IntakeUnavailableError when the sender should retry.
   */
  async accept(request: LogsRequest, { tenant }: LogIntakeOptions = {}): Promise<IntakeOutcome> {
    const badIds = await this.#commit.add((block) => block.append(request, tenant))
    const message = badIds === 0 ? '' : `${badIds} trace or span ids of a wrong length were left out`
    return { refused: 0, message }
  }

  /** Throws what `accept` would reject with, whatever the request: a receiver need not read it then. */
  checkRoom(): void {
    this.#commit.checkRoom()
  }

  /** Resolves when all that was accepted is stored, or has failed. */
  close(): Promise<void> {
    return this.#commit.close()
  }
}
