/**
 * What visitors come for: a few requests each, one after the other, as what they see leads them on. Each is good or a mistake on purpose, and says
 * which; `deck.ts` says how often each happens.
 */

import type { Expectation } from './judge.ts'
import * as operations from './operations.ts'
import { mistakes, type Operation } from './operations.ts'
import type { Person, Role } from './people.ts'
import type { Answer } from './send-operation.ts'

/** One visit, as its journey sees it. */
export interface Visit {
  readonly person: Person
  /** The person's tenant; `elsewhere` another one. */
  readonly tenant: string
  readonly elsewhere: string
  readonly endedToken: string
  /** Of numbers from 0 to 1. */
  readonly random: () => number
  /** Undefined when it was not served: the journey goes no further. */
  ask(operation: Operation, expected?: Expectation, as?: RequestAs): Promise<Answer['data']>
  /** A request to `path` that is no GraphQL; with a body it is a POST. */
  request(path: string, expected: Expectation, body?: object): Promise<void>
  /** Renews the person's session, where there is one. */
  renew(): Promise<void>
}

interface RequestAs {
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Journey {
  readonly name: string
  readonly roles: readonly Role[]
  travel(visit: Visit): Promise<void>
}

const everybody: readonly Role[] = ['admin', 'editor', 'author', 'customer', 'viewer']
const writers: readonly Role[] = ['admin', 'editor', 'author']
const customers: readonly Role[] = ['admin', 'editor', 'author', 'customer']
const keepers: readonly Role[] = ['admin', 'editor']

const TAGS = ['safety', 'news', 'travel', 'recipes', 'policy', 'howto'] as const
const WORDS = [
  'safety',
  'anvil',
  'reactor',
  'coffee',
  'hammock',
  'notes',
  '"how we"',
  'travel or parking',
  'rockets -skates',
] as const
const LOCALES = ['en', 'de-CH', 'pt-BR', 'fr'] as const

export const read: Journey = {
  name: 'read',
  roles: everybody,
  async travel({ ask, random }) {
    const page = await ask(operations.latestNodes(5 + Math.floor(random() * 25)))
    const node = anyOf(nodesOf<{ id: string }>(page?.nodes), random)
    if (node !== undefined) await ask(operations.readNode(node.id, anyOf(LOCALES, random)))
    if (random() < 0.3) await ask(operations.nodesByTag(anyOf(TAGS, random)!))
  },
}

export const look: Journey = {
  name: 'look',
  roles: everybody,
  async travel({ ask }) {
    await ask(operations.dashboard())
  },
}

export const search: Journey = {
  name: 'search',
  roles: everybody,
  async travel({ ask, random }) {
    const found = await ask(operations.search(anyOf(WORDS, random)!))
    const [hit] = nodesOf<{ node: { id: string } }>(found?.search)
    if (hit !== undefined) await ask(operations.readNode(hit.node.id))
  },
}

export const write: Journey = {
  name: 'write',
  roles: writers,
  async travel({ ask, person, random }) {
    const title = `Notes of ${person.name}, ${new Date().toISOString()}`
    const body = `What ${person.name} has to say about ${anyOf(WORDS, random)} and ${anyOf(TAGS, random)}.`
    const made = nodeOf(
      await ask(operations.createNode({ title, body, tags: [anyOf(TAGS, random)!] })),
      'createNode',
    )
    if (made === undefined) return
    const { id } = made
    let { version } = made
    if (random() < 0.6) {
      version =
        nodeOf(await ask(operations.updateNode({ id, version, body: `${body} Edited.` })), 'updateNode')
          ?.version ?? version
    }
    if (random() < 0.3)
      await ask(operations.translateNode({ id, version, locale: 'de', title: `Notizen von ${person.name}` }))
    if (random() < 0.7) await ask(operations.publishNode(id))
    else if (random() < 0.3) await ask(operations.archiveNode(id))
  },
}

/** Two windows, the same text: the second one to save has an old version. */
export const saveTwice: Journey = {
  name: 'save an old version',
  roles: writers,
  async travel({ ask, person }) {
    const made = nodeOf(await ask(operations.createNode(`Draft of ${person.name}`)), 'createNode')
    if (made === undefined) return
    await ask(operations.updateNode({ ...made, body: 'From the first window.' }))
    await ask(operations.updateNode({ ...made, body: 'From the second one.' }), {
      refusedAs: ['VersionConflictError'],
    })
  },
}

interface Variant {
  readonly id: string
  readonly available: number
  readonly price: { readonly currency: string }
}

export const buy: Journey = {
  name: 'buy',
  roles: customers,
  async travel({ ask, random }) {
    const offers = await offersOf(ask)
    const chosen = anyOf(offers.products, random)
    if (chosen !== undefined) await ask(operations.product(chosen.id))
    const sold = offers.variants.filter(({ available }) => available > 3)
    let cart: { readonly id: string; readonly total: { readonly amountMinor: number } } | undefined
    for (let items = 1 + Math.floor(random() * 3); items > 0; items--) {
      const variant = anyOf(sold, random)
      if (variant === undefined) return
      const input = {
        ...(cart && { cartId: cart.id }),
        variantId: variant.id,
        quantity: 1 + Math.floor(random() * 2),
      }
      const put = await ask(operations.addToCart(input), { mayBe: ['OutOfStockError'] })
      cart = (put?.addToCart as { cart: typeof cart } | undefined)?.cart ?? cart
    }
    // Some look and leave.
    if (cart === undefined || random() < 0.15) return
    const order = {
      cartId: cart.id,
      idempotencyKey: `${cart.id} ${Math.floor(random() * 1e9)}`,
      expectedTotalMinor: cart.total.amountMinor,
    }
    const placed = await ask(operations.placeOrder(order), {
      mayBe: ['OutOfStockError', 'PriceChangedError'],
    })
    const id = orderOf(placed)
    if (id === undefined) return
    // An answer that got lost on its way, as far as the customer knows.
    if (random() < 0.15) await ask(operations.placeOrder(order))
    if (random() < 0.4) await ask(operations.myOrders())
    if (random() < 0.1) await ask(operations.cancelOrder(id), { mayBe: ['WrongStateError'] })
  },
}

export const wantTooMuch: Journey = {
  name: 'want what is sold out',
  roles: customers,
  async travel({ ask, random }) {
    const { variants } = await offersOf(ask)
    // What nobody buys, cancels or restocks meanwhile.
    const variant = anyOf(
      variants.filter(({ available }) => available === 0),
      random,
    )
    if (variant === undefined) return
    await ask(operations.addToCart({ variantId: variant.id, quantity: 1 }), {
      refusedAs: ['OutOfStockError'],
    })
  },
}

export const orderTwice: Journey = {
  name: 'order a cart again with another key',
  roles: customers,
  async travel({ ask, random }) {
    const { variants } = await offersOf(ask)
    const variant = anyOf(
      variants.filter(({ available }) => available > 10),
      random,
    )
    if (variant === undefined) return
    const put = await ask(operations.addToCart({ variantId: variant.id, quantity: 1 }))
    const cartId = (put?.addToCart as { cart: { id: string } } | undefined)?.cart.id
    if (cartId === undefined) return
    const key = `${cartId} once`
    if (orderOf(await ask(operations.placeOrder({ cartId, idempotencyKey: key }))) === undefined) return
    const again = operations.placeOrder({ cartId, idempotencyKey: `${cartId} twice` })
    await ask(again, { refusedAs: ['WrongStateError'] })
    const costly = operations.placeOrder({ cartId, idempotencyKey: key, expectedTotalMinor: 1 })
    await ask(costly, { refusedAs: ['IdempotencyKeyReusedError'] })
  },
}

export const keepShop: Journey = {
  name: 'keep the shop',
  roles: keepers,
  async travel({ ask, random }) {
    const { variants } = await offersOf(ask)
    const short = variants.filter(({ available }) => available > 0 && available < 50)
    for (const { id: variantId } of short.slice(0, 3)) {
      await ask(operations.adjustStock({ variantId, by: 100, reason: 'delivery' }))
    }
    const orders = await ask({
      query:
        'query OpenOrders { orders(first: 5, ofEverybody: true, status: PLACED) { edges { node { id } } } }',
    })
    const open = anyOf(nodesOf<{ id: string }>(orders?.orders), random)
    if (open !== undefined) await ask(operations.markOrderPaid(open.id), { mayBe: ['WrongStateError'] })
  },
}

/** What is slow. */
export const report: Journey = {
  name: 'monthly report',
  roles: keepers,
  async travel({ ask }) {
    await ask(operations.monthlyReport())
  },
}

export const renew: Journey = {
  name: 'renew the session',
  roles: ['customer', 'author', 'editor', 'viewer'],
  async travel({ renew, ask }) {
    await renew()
    await ask(operations.dashboard())
  },
}

export const slip: Journey = {
  name: 'slip',
  roles: everybody,
  async travel({ ask, random }) {
    const slips: readonly (readonly [Operation, ...(number | string)[]])[] = [
      [mistakes.syntax, 'GRAPHQL_PARSE_FAILED'],
      [mistakes.unknownField, 'GRAPHQL_VALIDATION_FAILED'],
      [mistakes.tooMuch, 'LIMIT_EXCEEDED'],
      [mistakes.badArgument, 'BAD_USER_INPUT'],
    ]
    const [operation, ...refusedAs] = anyOf(slips, random)!
    await ask(operation, { refusedAs })
  },
}

export const emptyTitle: Journey = {
  name: 'leave the title empty',
  roles: writers,
  async travel({ ask }) {
    await ask(mistakes.emptyTitle, { refusedAs: ['InvalidInputError'] })
  },
}

export const overreach: Journey = {
  name: 'overreach',
  roles: ['customer', 'viewer'],
  async travel({ ask, random }) {
    if (random() < 0.5)
      await ask(operations.createNode('Not mine to write'), { refusedAs: ['ForbiddenError'] })
    else await ask(operations.monthlyReport(), { refusedAs: ['FORBIDDEN'] })
  },
}

export const wrongTenant: Journey = {
  name: 'knock at another tenant',
  roles: everybody,
  async travel({ ask, tenant, elsewhere }) {
    if (elsewhere === tenant) return
    await ask(operations.dashboard(), { refusedAs: [403] }, { headers: { 'x-tenant-id': elsewhere } })
  },
}

export const endedSession: Journey = {
  name: 'come with an ended session',
  roles: everybody,
  async travel({ ask, endedToken }) {
    await ask(operations.dashboard(), { refusedAs: [401] }, { token: endedToken })
  },
}

export const forgedToken: Journey = {
  name: 'come with a forged token',
  roles: everybody,
  async travel({ ask }) {
    await ask(operations.dashboard(), { refusedAs: [401] }, { token: 'expired-or-made-up' })
  },
}

export const wrongPath: Journey = {
  name: 'follow a dead link',
  roles: everybody,
  async travel({ request }) {
    await request('/stories/first-light', { refusedAs: [404] })
    await request('/auth/sign-in', { refusedAs: [400] }, { email: '' })
  },
}

type Ask = Visit['ask']

async function offersOf(ask: Ask): Promise<{ products: { id: string }[]; variants: Variant[] }> {
  const page = await ask(operations.products(20))
  const found = nodesOf<{ id: string; variants: unknown }>(page?.products)
  return { products: found, variants: found.flatMap(({ variants }) => nodesOf<Variant>(variants)) }
}

function nodesOf<Node>(connection: unknown): Node[] {
  const { edges = [] } = (connection ?? {}) as { edges?: readonly { readonly node: Node }[] }
  return edges.map(({ node }) => node)
}

function nodeOf(data: Answer['data'], field: string): { id: string; version: number } | undefined {
  const { node } = (data?.[field] ?? {}) as { node?: { id: string; version: number } | null }
  return node == null ? undefined : { id: node.id, version: node.version }
}

function orderOf(data: Answer['data']): string | undefined {
  const { order } = (data?.placeOrder ?? {}) as { order?: { id: string } | null }
  return order?.id
}

function anyOf<T>(list: readonly T[], random: () => number): T | undefined {
  return list[Math.floor(random() * list.length)]
}
