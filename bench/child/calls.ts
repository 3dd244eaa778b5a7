/**
 * Calls from the bench to its child processes and back, over Node's IPC channel. Whatever is measured lives in a process of its own, so that
 * no contender meets another's compiled code, heap or registered globals.
 */

/** What a child offers: functions of at most one argument, by name. */
export type Calls<C> = { readonly [K in keyof C]: (argument: never) => unknown }

export interface CallMessage {
  readonly id: number
  readonly name: string
  readonly argument: unknown
}

export interface AnswerMessage {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** Sent once, when the child can be called. */
export interface ReadyMessage {
  readonly ready: true
}

/** In the child: offers `calls` to the parent and says so. The child ends when its parent does. */
export function offerCalls<C extends Calls<C>>(calls: C): void {
  process.on('message', async ({ id, name, argument }: CallMessage) => {
    const call = (calls as Partial<Record<string, (argument: never) => unknown>>)[name]
    try {
      if (call === undefined) throw new Error(`no call '${name}'`)
      send({ id, value: await call(argument as never) })
    } catch (error) {
      send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  process.once('disconnect', () => process.exit())
  send({ ready: true })
}

/** Lets the child exit once it has nothing else to do. */
export function expectNoMoreCalls(): void {
  process.channel?.unref()
}

function send(message: AnswerMessage | ReadyMessage): void {
  process.send?.(message)
}
