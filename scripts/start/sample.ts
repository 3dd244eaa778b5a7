/** The requests that `npm start` sends to a server whose Lens is empty, so that the first look at it shows something. */
import {
  createNode,
  dashboard,
  latestNodes,
  mistakes,
  type Operation,
  publishNode,
} from '../visits/operations.ts'
import { type Answer, nodeIdOf, sendOperation } from '../visits/send-operation.ts'
import type { DemoTenant } from './addresses.ts'

/** Far above what it takes: a server that hangs does not keep `npm start` from its screen. */
const withinMs = 5_000

/** True when Lens holds no trace with a tenant: traces of the server's own start do not count. Throws when Lens does not answer. */
export async function lensIsEmpty(lens: string, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(`${lens}/api/lens/facets?lookback=30d`, { signal: within(signal) })
  if (!response.ok) throw new Error(`Lens answered ${response.status}`)
  const { tenants } = (await response.json()) as { readonly tenants: readonly unknown[] }
  return tenants.length === 0
}

/** Returns how many were sent: what each tenant's people do in a day, with the mistakes that they make. */
export async function sendSample(
  server: string,
  tenants: readonly DemoTenant[],
  signal: AbortSignal,
): Promise<number> {
  let sent = 0
  const send = async (token: string, operation: Operation): Promise<Answer> => {
    sent++
    return sendOperation(server, token, operation, deadline)
  }
  const deadline = within(signal)
  for (const [index, { name, users }] of tenants.entries()) {
    const [admin, author = admin] = users
    if (admin === undefined || author === undefined) continue
    await send(admin.token, latestNodes(10))
    const created = await send(author.token, createNode(`What ${author.name} did at ${name} today`))
    const id = nodeIdOf(created, 'createNode')
    if (id !== undefined) await send(author.token, publishNode(id))
    await send(admin.token, dashboard())
    if (index === 0) {
      await send(author.token, mistakes.unknownField)
      await send('not-a-token', dashboard())
    } else {
      await send(author.token, mistakes.badArgument)
      await send(admin.token, createNode(`Notes of ${admin.name}`))
    }
  }
  return sent
}

function within(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(withinMs)])
}
