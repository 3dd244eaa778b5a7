/** One visit: sends the requests of a journey, judges each answer, and tells the tally. */
import type { Dealt } from './deck.ts'
import type { Visit } from './journeys.ts'
import { type Expectation, judge, type Outcome } from './judge.ts'
import { type Answer, sendOperation } from './send-operation.ts'

/** A browser gives up later, a person sooner; a machine that is busy with other things gets away with it. */
const answerWithinMs = 20_000

export interface Told {
  readonly tenant: string
  readonly journey: string
  readonly outcome: Outcome
  readonly milliseconds: number
  /** Of what failed. */
  readonly why?: string
}

/** `due` is when its first request was to leave, as `performance.now()` has it: a server that stalls shows it. Never rejects. */
export async function visit(
  server: string,
  { journey, person, town, elsewhere }: Dealt,
  due: number,
  tell: (told: Told) => void,
  ending: AbortSignal,
  random: () => number = Math.random,
): Promise<void> {
  let since = due
  /** Of a request: its answer, told as expected or not. */
  const send = async (
    expected: Expectation,
    request: (signal: AbortSignal) => Promise<Pick<Answer, 'status' | 'kinds' | 'data'>>,
  ): Promise<Answer['data']> => {
    // Who was told to go leaves after the request that is on its way.
    if (ending.aborted) return undefined
    const told = { tenant: town.tenant, journey: journey.name }
    const tellOutcome = (outcome: Outcome, why?: string) => {
      const now = performance.now()
      tell({ ...told, outcome, milliseconds: now - since, ...(why !== undefined && { why }) })
      since = now
    }
    try {
      const answer = await request(AbortSignal.timeout(answerWithinMs))
      const outcome = judge(answer, expected)
      tellOutcome(
        outcome,
        outcome === 'failed' ? `${answer.status} ${answer.kinds.join(', ')}`.trim() : undefined,
      )
      return outcome === 'served' ? answer.data : undefined
    } catch (error) {
      tellOutcome('failed', (error as Error).message)
      return undefined
    }
  }
  const seen: Visit = {
    person,
    tenant: town.tenant,
    elsewhere: elsewhere.tenant,
    endedToken: town.endedToken,
    random,
    ask: (operation, expected = {}, as = {}) =>
      send(expected, async (signal) =>
        sendOperation(server, as.token ?? (await person.token(signal)), operation, signal, as.headers),
      ),
    request: async (path, expected, body) => {
      await send(expected, async (signal) => {
        const posted = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
        const headers = { 'content-type': 'application/json' }
        const response = await fetch(`${server}${path}`, { ...posted, headers, redirect: 'error', signal })
        await response.text()
        return { status: response.status, kinds: [], data: undefined }
      })
    },
    renew: async () => {
      const { session } = person
      if (session === undefined) return
      await send({}, async (signal) => {
        await session.renew(signal)
        return { status: 200, kinds: [], data: undefined }
      })
    },
  }
  // An answer in which something is missing that it should have: a failure of its own kind.
  await journey.travel(seen).catch((error: Error) => {
    tell({
      tenant: town.tenant,
      journey: journey.name,
      outcome: 'failed',
      milliseconds: 0,
      why: error.message,
    })
  })
}
