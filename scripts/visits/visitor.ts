/**
 * Who visits the server and what they do there, drawn at random with the skew of real tenants: one is far busier than the next, most
 * visits read, a few write, some are mistakes.
 */
import type { DemoTenant, DemoUser } from '../start/addresses.ts'
import {
  createNode,
  dashboard,
  latestNodes,
  mistakes,
  type Operation,
  publishNode,
  readNode,
} from './operations.ts'
import { type Answer, nodeIdOf } from './send-operation.ts'

export interface Visit {
  readonly tenant: string
  readonly token: string
  readonly operation: Operation
  /** True when the server is to refuse it. */
  readonly mistaken: boolean
  /** To be told what came back: what was written is what later visits read. */
  answered?(answer: Answer): void
}

/** Of numbers from 0 to 1, as Math.random. */
export type Random = () => number

/** Enough to read and publish from; older ones are forgotten. */
const rememberedNodes = 100

export class Visitors {
  readonly #tenants: readonly DemoTenant[]
  readonly #random: Random
  readonly #drafts = new Map<string, { id: string; author: DemoUser }[]>()

  /** Each tenant must have a user. */
  constructor(tenants: readonly DemoTenant[], random: Random = Math.random) {
    this.#tenants = tenants
    this.#random = random
  }

  next(): Visit {
    const tenant = skewed(this.#tenants, this.#random)
    const user = skewed(tenant.users, this.#random)
    const visit = { tenant: tenant.id, token: user.token, mistaken: false }
    const drafts = this.#drafts.get(tenant.id) ?? []
    const draw = this.#random() * 100
    if (draw < 40) return { ...visit, operation: latestNodes(5 + Math.floor(this.#random() * 25)) }
    if (draw < 62) return { ...visit, operation: dashboard() }
    if (draw < 78 && drafts.length > 0)
      return { ...visit, operation: readNode(anyOf(drafts, this.#random).id) }
    if (draw < 92) return this.#create(visit, user)
    if (draw < 96 && drafts.length > 0) return publish(visit, drafts)
    if (draw < 99)
      return { ...visit, mistaken: true, operation: anyOf(Object.values(mistakes), this.#random) }
    return { ...visit, mistaken: true, token: 'expired-or-made-up', operation: dashboard() }
  }

  #create(visit: Omit<Visit, 'operation'>, author: DemoUser): Visit {
    const answered = (answer: Answer): void => {
      const id = nodeIdOf(answer, 'createNode')
      if (id === undefined) return
      const drafts = this.#drafts.get(visit.tenant) ?? []
      this.#drafts.set(visit.tenant, [{ id, author }, ...drafts].slice(0, rememberedNodes))
    }
    return {
      ...visit,
      operation: createNode(`Notes of ${author.name}, ${new Date().toISOString()}`),
      answered,
    }
  }
}

/** By its author, who always may. */
function publish(visit: Omit<Visit, 'operation'>, drafts: { id: string; author: DemoUser }[]): Visit {
  const { id, author } = drafts.pop()!
  return { ...visit, token: author.token, operation: publishNode(id) }
}

/** Each is three times as likely as the next. */
function skewed<T>(list: readonly T[], random: Random): T {
  const weights = list.map((_, index) => 3 ** -index)
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0)
  const index = weights.findIndex((weight) => {
    left -= weight
    return left < 0
  })
  return list.at(index)!
}

function anyOf<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)]!
}
