/** What the visits have left to be found, each with the address in Lens that finds it; pure. */

export interface Seen {
  readonly lens: string
  /** When the visits began and ended, in milliseconds since 1970. */
  readonly begin: number
  readonly end: number
  readonly busiest: string
  /** How often handlers failed meanwhile. */
  readonly failed: number
  /** Events that handlers have given up on by now. */
  readonly deadLetters: number
}

export interface Finding {
  readonly what: string
  readonly url: string
}

/** The first request leaves after `begin`; handlers try again what failed for some seconds after `end`. */
const margin = { before: 1_000, after: 60_000 } as const

export function findings({ lens, begin, end, busiest, failed, deadLetters }: Seen): readonly Finding[] {
  const range = { start: String(begin - margin.before), end: String(end + margin.after) }
  const link = (parameters: Readonly<Record<string, string>>): string =>
    `${lens}/search?${new URLSearchParams({ ...parameters, ...range })}`
  const dead = deadLetters === 0 ? '' : `, dead letters by now: ${deadLetters}`
  const failures = {
    what: `a handler that fails for some orders, and is tried again (${failed} times so far${dead})`,
    url: link({ query: 'name = "process commerce.order.placed" and status = error' }),
  }
  return [
    ...(failed === 0 ? [] : [failures]),
    {
      what: 'the same handler, slow for others',
      url: link({ query: 'name = "process commerce.order.placed" and duration > 500ms' }),
    },
    {
      what: 'a query that takes far longer than all others',
      url: link({ query: 'name = "query MonthlyReport"', order: 'longest' }),
    },
    {
      what: 'orders and carts that were refused, and why',
      url: link({ query: 'rustok.outcome =~ "out_of_stock|wrong_state|key_reused|price_changed"' }),
    },
    {
      what: 'who was let in nowhere: ended sessions, forged tokens, the wrong tenant',
      url: link({ query: 'http.response.status_code =~ "40[13]"' }),
    },
    { what: `everything of ${busiest}, the busiest tenant`, url: link({ tenant: busiest }) },
  ]
}

export interface HandlerCounts {
  readonly failed: number
  readonly deadLetters: number
}

/** Of a server's `/metrics`, all handlers together. */
export function handlerCountsIn(metrics: string): HandlerCounts {
  const sum = (pattern: RegExp) =>
    [...metrics.matchAll(pattern)].reduce((total, [, value]) => total + Number(value), 0)
  return {
    failed: sum(/^rustok_event_deliveries_total\{.*outcome="(?:failed|dead)".*\} (\S+)/gm),
    deadLetters: sum(/^rustok_event_dead_letters\{.*\} (\S+)/gm),
  }
}
